// The health of keys over time: one strip per key, with cells of different colour, pattern and height.
"use strict";

const COLUMNS = 93; // maximum cells of a strip; more would be thinner than a line
const STEPS = 5; // heights of a part of a cell, in fifths
const WITHOUT_STATE = ["failed otherwise", "passed over"]; // states that show nothing about the key

function stateClass(state) {
  return "state-" + state.replaceAll(" ", "-");
}

function stateSwatch(state) {
  return make("span", { className: "swatch " + stateClass(state), "aria-hidden": "true" });
}

function showKeys({ keys, axis }) {
  if (!keys.all) return place("keys", empty("No attempt names a key yet."));
  const wrong = keys.listed.filter((key) => key.state !== "ok").length;
  const left = keys.all - keys.listed.length;
  const said = [
    `${many(keys.all, "key")}. `,
    left ? `Shown are the ${keys.listed.length} that are not in order or most used; not shown: ${foldedOf(keys.folded)}. ` : "",
    wrong ? `${many(wrong, "key")} did not work when last used. ` : "All of these worked when last used. ",
    "A cell shows what came of most attempts, and from its top what else came of some; an empty one had none.",
  ];
  const step = Math.ceil(axis.length / COLUMNS);
  place("keys",
    make("p", { className: "lead" }, said.join("")),
    stateLegend(keys),
    make("ul", { className: "keys" }, ...keys.listed.map((key) => keyRow(key, keys.states, step))),
    make("p", { className: "ends", "aria-hidden": "true" }, ...endsOf(axis)),
    detailsOf("The same as a table", () => keyTable(keys)));
}

function foldedOf(folded) {
  return folded.map(({ state, keys }) => `${amount(keys)} ${state}`).join(", ");
}

function endsOf(axis) {
  const ends = axis.length > 2 ? [axis[0], axis[Math.floor(axis.length / 2)], axis[axis.length - 1]] : axis;
  return ends.map((bucket) => make("span", {}, shortTime(bucket)));
}

function stateLegend({ states, listed }) {
  const seen = states.filter((_, at) => listed.some((key) => key.counts[at]));
  return make("ul", { className: "legend plain" }, ...seen.map((state) => make("li", {}, stateSwatch(state), state)));
}

function keyRow(key, states, step) {
  const now = key.state || UNKNOWN;
  const cells = joined(key.cells, step).map((counts) => counts && parted(counts, states));
  const strip = make("div", { className: "strip", role: "img", "aria-label": countsOf(key, states) });
  strip.style.setProperty("--columns", cells.length);
  strip.append(...layerOf(cells, "most"), ...layerOf(cells, "some"));
  return make("li", {},
    make("span", { className: "key" }, `${key.provider} ${key.key}`),
    make("span", { className: "now" }, stateSwatch(now), make("span", {}, now, " ", make("small", {}, aboutNow(key)))),
    strip);
}

// For a working key its number of answers, for another key since when it fails.
function aboutNow(key) {
  if (key.state !== "ok") return key.since ? "since " + longTime(key.since).slice(0, 16) : "";
  const all = sum(key.counts);
  return `${share(key.counts[0], all)} of ${amount(all)}`;
}

function countsOf(key, states) {
  const counts = states.map((state, at) => [key.counts[at], state]).filter(([times]) => times);
  return counts.map(([times, state]) => `${amount(times)} ${state}`).join(", ");
}

// Sums of `step` neighbouring buckets per cell; null without attempts.
function joined(cells, step) {
  const found = [];
  for (let at = 0; at < cells.length; at += step) {
    const parts = cells.slice(at, at + step).filter((counts) => counts);
    found.push(parts.length ? parts[0].map((_, state) => sum(parts.map((counts) => counts[state]))) : null);
  }
  return found;
}

// The most frequent state, and the most frequent other state that shows something about the key.
function parted(counts, states) {
  const found = counts.map((times, at) => ({ times, state: states[at] })).filter(({ times }) => times);
  found.sort((one, other) => other.times - one.times);
  const some = found.slice(1).find(({ state }) => !WITHOUT_STATE.includes(state) && state !== "ok");
  const height = some && Math.ceil((some.times / sum(counts)) * STEPS) / STEPS;
  return { most: { state: found[0].state, height: 1 }, some: some && { state: some.state, height } };
}

// The elements of a layer; equal neighbours are merged.
function layerOf(cells, layer) {
  const runs = [];
  cells.forEach((cell, column) => {
    const part = cell && cell[layer];
    const last = runs[runs.length - 1];
    if (!part) return;
    if (last && last.end === column && last.state === part.state && last.height === part.height) last.end += 1;
    else runs.push({ ...part, column, end: column + 1 });
  });
  return runs.map(({ state, height, column, end }) => {
    const element = make("span", { className: stateClass(state) });
    element.style.gridColumn = `${column + 1} / ${end + 1}`;
    element.style.height = height * 100 + "%";
    return element;
  });
}

function keyTable({ listed, states }) {
  const names = ["key", "now", "since", "last used", ...states];
  const rows = listed.map((key) => [
    `${key.provider} ${key.key}`, key.state || UNKNOWN, longTime(key.since), longTime(key.last_seen), ...key.counts.map(amount),
  ]);
  return tableOf("Attempts by key and what came of them", names.map((name, at) => ({ name, kind: at > 3 ? "number" : "" })), rows);
}
