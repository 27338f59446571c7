// Build the page's elements. Texts come from the log: they are inserted as text, never as HTML.
"use strict";

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function empty(text) {
  return make("p", { className: "empty" }, text);
}

// A table in a region that scrolls if the table is wider than the page.
function tableOf(caption, columns, rows) {
  const head = columns.map((column) => make("th", { scope: "col", className: column.kind || "" }, column.name));
  const body = rows.map((row) =>
    make("tr", {}, ...row.map((cell, place) => cellOf(cell, columns[place], place === 0))),
  );
  const table = make(
    "table",
    {},
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...body),
  );
  return make("div", { className: "scroll", role: "region", "aria-label": caption, tabIndex: 0 }, table);
}

function cellOf(cell, column, first) {
  const kind = { className: column.kind || "" };
  return first ? make("th", { scope: "row", ...kind }, ...breakable(cell)) : make("td", kind, cell);
}

// A name such as groq/openai/gpt-oss-120b, with line breaks allowed after slashes.
function breakable(name) {
  return name.split(/(?<=\/)/).flatMap((part, at) => (at ? [make("wbr"), part] : [part]));
}

// Details whose content is built when they are opened for the first time.
function detailsOf(title, inside) {
  const details = make("details", {}, make("summary", {}, title));
  details.addEventListener("toggle", () => details.children.length > 1 || details.append(inside()), { once: true });
  return details;
}

// A group of buttons, one of them pressed.
function choiceOf(label, choices, chosen, onChoice) {
  const group = make("div", { className: "choice", role: "group", "aria-label": label });
  const press = (wanted) => {
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.value === wanted));
  };
  for (const [value, text] of choices) {
    const button = make("button", { type: "button", value }, text);
    button.addEventListener("click", () => { press(value); onChoice(value); });
    group.append(button);
  }
  press(chosen);
  return group;
}
