// The list of newest calls: search, filter, sort, and one page at a time.
"use strict";

const PER_PAGE = window.matchMedia("(max-width: 48rem)").matches ? 20 : 50;
const COLUMNS_OF_CALLS = [
  { name: "time", falls: true, sort: (calls, at) => calls.time[at] },
  { name: "outcome", sort: (calls, at) => textOf(calls.outcome, at) },
  { name: "provider/model", sort: (calls, at) => textOf(calls.model, at) },
  { name: "cost", number: true, sort: (calls, at) => calls.cost[at] },
  { name: "requests", number: true, sort: (calls, at) => calls.requests[at] },
  { name: "lasted", number: true, sort: (calls, at) => calls.lasted[at] },
  { name: "waited", number: true, sort: (calls, at) => calls.waited[at] },
  { name: "first token", number: true, sort: (calls, at) => calls.first[at] },
  { name: "in", number: true, sort: (calls, at) => calls.input[at] },
  { name: "out", number: true, sort: (calls, at) => calls.output[at] },
  { name: "key", sort: (calls, at) => textOf(calls.key, at) },
  { name: "tags", sort: (calls, at) => textOf(calls.tags, at) },
  { name: "user", sort: (calls, at) => textOf(calls.user, at) },
];

function textOf(column, at) {
  const value = column.names[column.codes[at]];
  return Array.isArray(value) ? value.join(", ") : value;
}

function reasonOf(calls, at) {
  const before = textOf(calls.before, at);
  return [textOf(calls.reason, at), before && `after ${before}`].filter(Boolean).join("; ");
}

// In the order of the columns.
function cellsOfCall(calls, at) {
  return [
    longTime(calls.time[at]),
    outcomeOf(textOf(calls.outcome, at) || UNKNOWN),
    modelOf(calls, at),
    costOf(calls, at),
    amount(calls.requests[at]),
    seconds(calls.lasted[at]),
    seconds(calls.waited[at]),
    seconds(calls.first[at]),
    amountOr(calls.input[at]),
    amountOr(calls.output[at]),
    textOf(calls.key, at) || NONE,
    textOf(calls.tags, at) || NONE,
    textOf(calls.user, at) || NONE,
  ];
}

function modelOf(calls, at) {
  return make("span", {}, ...breakable(textOf(calls.model, at)));
}

function amountOr(value) {
  return value === null ? NONE : value.toLocaleString("en-US");
}

// A call without an answer and without a known cost shows no cost, not an unknown one.
function costOf(calls, at) {
  if (calls.cost[at] === null) return calls.unpriced[at] ? UNKNOWN : NONE;
  return atLeast(calls.cost[at], calls.unpriced[at]);
}

function outcomeOf(outcome) {
  const kind = outcome === "ok" ? "good" : "bad";
  return make("span", { className: "badge " + kind }, (outcome === "ok" ? "✓ " : "✗ ") + outcome);
}

// State of the table: which calls, in which order, from which one on.
class CallTable {
  constructor(calls) {
    this.calls = calls;
    this.count = calls.time.length;
    this.column = 0;
    this.descending = true;
    this.page = 0;
    this.filters = {};
    this.words = [];
    this.texts = null;
    this.find();
  }

  // Searchable text of a call in lower case; built on first use.
  text(at) {
    this.texts ??= Array.from({ length: this.count }, (_, one) => this.written(one));
    return this.texts[at];
  }

  written(at) {
    const { calls } = this;
    const coded = [calls.outcome, calls.model, calls.key, calls.tags, calls.user].map((column) => textOf(column, at));
    return [longTime(calls.time[at]), ...coded, reasonOf(calls, at), calls.run[at]].join("\n").toLowerCase();
  }

  find() {
    const found = [];
    for (let at = 0; at < this.count; at += 1) if (this.fits(at)) found.push(at);
    this.found = found;
    this.page = 0;
    this.order();
  }

  fits(at) {
    const { calls, filters } = this;
    for (const [name, wanted] of Object.entries(filters)) {
      if (wanted === null) continue;
      const value = calls[name].names[calls[name].codes[at]];
      if (Array.isArray(value) ? !value.includes(wanted) : value !== wanted) return false;
    }
    if (this.again && calls.requests[at] < 2) return false;
    return this.words.every((word) => this.text(at).includes(word));
  }

  // Unknown values come last in both directions.
  order() {
    const { sort } = COLUMNS_OF_CALLS[this.column];
    const keys = new Map(this.found.map((at) => [at, sort(this.calls, at)]));
    const unknown = (key) => key === null || key === "";
    const turn = this.descending ? -1 : 1;
    this.found.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (unknown(a) || unknown(b)) return unknown(a) - unknown(b) || one - other;
      return a === b ? one - other : (a < b ? -1 : 1) * turn;
    });
  }

  get pages() {
    return Math.max(1, Math.ceil(this.found.length / PER_PAGE));
  }

  get shown() {
    return this.found.slice(this.page * PER_PAGE, (this.page + 1) * PER_PAGE);
  }
}

function showCalls({ calls, attempts }) {
  calls.attempts = attempts;
  if (!calls.time.length) {
    return place("calls", empty(calls.all ? `${many(calls.all, "call")} in the log; none is listed here.` : "No calls yet. Set SCOUT_AUDIT_PATH, call a model, and make this page again."));
  }
  const table = new CallTable(calls);
  const parts = { body: make("tbody", { role: "rowgroup" }), said: make("p", { className: "said", role: "status" }), heads: [] };
  const show = () => drawCalls(table, parts);
  const [controls, pages] = [controlsOf(table, show), pagesOf(table, show)];
  parts.pages = pages;
  const region = make("div", { className: "scroll", role: "region", "aria-label": "The newest calls", tabIndex: 0 }, callGrid(table, parts, show));
  const listed = calls.time.length < calls.all ? `The newest ${calls.time.length.toLocaleString("en-US")} of ${calls.all.toLocaleString("en-US")} calls are listed.` : `All ${many(calls.all, "call")} of the log are listed.`;
  place("calls", make("p", { className: "lead" }, listed), controls, parts.said, region, pages.bar);
  show();
}

function callGrid(table, parts, show) {
  parts.heads = COLUMNS_OF_CALLS.map((column, at) => {
    const button = make("button", { type: "button" }, column.name);
    const largestFirst = Boolean(column.number || column.falls);
    button.addEventListener("click", () => { sortBy(table, at, table.column === at ? !table.descending : largestFirst); show(); });
    return make("th", { scope: "col", role: "columnheader", className: column.number ? "number" : "" }, button);
  });
  return make("table", { className: "calls", role: "table" },
    make("caption", { className: "unseen" }, "Calls, one in a row; buttons in the head sort"),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...parts.heads)),
    parts.body);
}

function sortBy(table, column, descending) {
  Object.assign(table, { column, descending, page: 0 });
  table.order();
}

function drawCalls(table, parts) {
  parts.heads.forEach((head, at) => {
    const way = table.descending ? "descending" : "ascending";
    head.setAttribute("aria-sort", at === table.column ? way : "none");
  });
  parts.body.replaceChildren(...table.shown.flatMap((at) => [callRow(table.calls, at), secondLine(table.calls, at)]));
  const whole = (number) => number.toLocaleString("en-US");
  const matching = table.found.length < table.count ? `${whole(table.found.length)} of ${whole(table.count)} calls match. ` : "";
  parts.said.textContent = `${matching}Page ${table.page + 1} of ${whole(table.pages)}.`;
  parts.pages.draw();
}

function callRow(calls, at) {
  const cells = cellsOfCall(calls, at).map((cell, column) => {
    const { name, number } = COLUMNS_OF_CALLS[column];
    const kind = [number ? "number" : "", cell === NONE ? "none" : ""].join(" ").trim();
    return make("td", { role: "cell", "data-name": name, className: kind }, cell);
  });
  return make("tr", { role: "row", className: "call" }, ...cells);
}

// Below a call: why it failed, its run, and its attempts. Where each call's attempts begin is computed once.
function secondLine(calls, at) {
  const { count } = calls.attempts;
  if (!calls.attempts.begins) {
    let sum = 0;
    calls.attempts.begins = count.map((number) => (sum += number) - number);
  }
  const reason = reasonOf(calls, at);
  const cell = make("td", { role: "cell", colSpan: COLUMNS_OF_CALLS.length },
    ...(reason ? [make("span", { className: "reason" }, reason + " ")] : []),
    make("span", { className: "run" }, calls.run[at] || NONE));
  if (count[at]) {
    const details = detailsOf(many(count[at], "attempt"), () => attemptTable(calls.attempts, calls.attempts.begins[at], count[at]));
    details.className = "attempts";
    cell.append(details);
  }
  return make("tr", { role: "row", className: "more" }, cell);
}

const COLUMNS_OF_ATTEMPTS = ["time", "no.", "provider/model", "key", "outcome", "status", "retry after", "waited", "took", "cost", "reason"];

function attemptTable(attempts, from, count) {
  const columns = COLUMNS_OF_ATTEMPTS.map((name, at) => ({ name, kind: at === 1 || (at > 4 && at < 10) ? "number" : "" }));
  const rows = Array.from({ length: count }, (_, one) => from + one).map((at) => [
    attempts.time[at].slice(11), skipped(attempts, at) ? NONE : String(attempts.number[at] ?? NONE), textOf(attempts.model, at),
    textOf(attempts.key, at) || NONE, outcomeOf(textOf(attempts.outcome, at) || UNKNOWN), String(attempts.status[at] ?? NONE),
    seconds(attempts.ready[at]), seconds(attempts.waited[at]), seconds(attempts.took[at]),
    attempts.cost[at] === null ? NONE : money(attempts.cost[at]), textOf(attempts.reason, at) || NONE,
  ]);
  return tableOf("Attempts of the call in order", columns, rows);
}

function skipped(attempts, at) {
  return textOf(attempts.outcome, at) === "skipped";
}

function controlsOf(table, show) {
  const search = make("input", { type: "search", id: "search", placeholder: "model, key, tag, user, reason, run …" });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      table.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      table.find();
      show();
    }, 120);
  });
  const again = make("input", { type: "checkbox" });
  again.addEventListener("change", () => { table.again = again.checked; table.find(); show(); });
  const filters = [["outcome", "Outcome"], ["model", "Model"], ["tags", "Tag"], ["user", "User"]];
  return make("form", { className: "controls", role: "search", "aria-label": "Search the calls" },
    make("label", { className: "wide" }, "Search", search),
    ...filters.map(([name, label]) => filterOf(table, name, label, show)),
    sortChoice(table, show),
    make("label", { className: "tick" }, again, "tried again"));
}

function filterOf(table, name, label, show) {
  const values = [...new Set(table.calls[name].names.flat())].filter(Boolean).sort();
  const options = values.map((value) => make("option", { value }, cut(value, 40)));
  const select = make("select", {}, make("option", { value: "" }, "all"), ...options);
  select.addEventListener("change", () => { table.filters[name] = select.value || null; table.find(); show(); });
  return make("label", {}, label, select);
}

// For narrow screens, which hide the head of the table.
function sortChoice(table, show) {
  const ways = [["time", "newest first"], ["cost", "dearest first"], ["lasted", "longest first"], ["requests", "most requests first"]];
  const select = make("select", {}, ...ways.map(([value, text]) => make("option", { value }, text)));
  select.addEventListener("change", () => {
    sortBy(table, COLUMNS_OF_CALLS.findIndex(({ name }) => name === select.value), true);
    show();
  });
  return make("label", { className: "narrow" }, "Order", select);
}

function pagesOf(table, show) {
  const go = (text, to) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => { table.page = to(); show(); });
    return button;
  };
  const first = go("First", () => 0);
  const back = go("Back", () => Math.max(0, table.page - 1));
  const next = go("Next", () => Math.min(table.pages - 1, table.page + 1));
  const last = go("Last", () => table.pages - 1);
  const here = make("span", {});
  const draw = () => {
    first.disabled = back.disabled = table.page === 0;
    next.disabled = last.disabled = table.page >= table.pages - 1;
    here.textContent = `${table.page + 1} / ${table.pages}`;
  };
  return { bar: make("nav", { className: "pages", "aria-label": "Pages of calls" }, first, back, here, next, last), draw };
}
