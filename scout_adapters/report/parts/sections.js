// The content of each section of the page.
"use strict";

function place(section, ...elements) {
  document.getElementById(section).append(...elements);
}

function tile(name, value, ...notes) {
  const said = notes.filter(Boolean).map((note) => make("dd", { className: "note" }, note));
  return make("div", {}, make("dt", {}, name), make("dd", {}, value), ...said);
}

function showShort({ head, caveats }) {
  const total = head.total;
  const events = head.events.map((event) => `${event.name || "other events"} ${money(event.cost)}`);
  const known = total.saved || !total.unknown_savings;
  document.querySelector(".tiles").append(
    tile("Spent", atLeast(head.cost, total.unpriced), events.length && `calls ${atLeast(total.cost, total.unpriced)}, ${events.join(", ")}`),
    tile("Calls", amount(total.calls), `${share(total.answered, total.calls)} answered`),
    tile("Failed requests", amount(total.failed), `${share(total.failed, total.requests)} of ${amount(total.requests)}`),
    tile("Calls tried again", amount(head.retried), `${amount(head.rescued)} of them answered in the end`),
    tile("Tokens in", amount(total.input_t), `${share(total.cache_read_t, total.input_t)} read from caches`),
    tile("Tokens out", amount(total.output_t), `${share(total.reasoning_t, total.output_t)} for reasoning`),
    tile("Saved by caches", known ? money(total.saved) : UNKNOWN, "against the price of fresh tokens"),
    tile("Uncertain requests", amount(total.uncertain), "failed, and perhaps on a bill"),
  );
  if (caveats.length) {
    const items = caveats.map((caveat) => make("li", {}, caveat));
    document.querySelector(".caveats").append(make("h2", {}, "What the figures do not know"), make("ul", {}, ...items));
  }
}

function showAbout({ log, made, since, until, axis, rows }) {
  const span = axis.length ? spanOf(axis) + ", " : "";
  const from = (since ? `from ${longTime(since)} on, ` : "") + (until ? `before ${longTime(until)}, ` : "");
  document.getElementById("about").textContent = `${log}: ${span}${from}${many(rows, "row")}. Made ${longTime(made).slice(0, 16)}. All times are UTC.`;
}

// For a log without calls: what to do, instead of all sections.
function showNothing({ since, until }) {
  const line = (text) => make("pre", {}, make("code", {}, text));
  const hint = since || until
    ? [make("p", {}, `Nothing happened ${since ? `since ${longTime(since)}` : ""}${until ? ` before ${longTime(until)}` : ""}. Make the page without --since, --until and --days to see the rest.`)]
    : [make("p", {}, "Have calls written to a log, call a model, and make this page again:"),
       line("export SCOUT_AUDIT_PATH=audit.jsonl\npython your_program.py\nscout-adapters report --html report.html audit.jsonl")];
  document.getElementById("main").replaceChildren(make("section", { className: "nothing" }, make("h2", {}, "No calls in this log yet"), ...hint));
  document.querySelector("header nav").remove();
  document.querySelector(".skip").remove();
}

// The rows of a table over time: the newest first, without empty rows.
function rowsOverTime(axis, series, write) {
  const rows = axis.map((bucket, at) => [longBucket(bucket), ...series.map((each) => write(each.values[at]))]);
  return rows.filter((_, at) => series.some((each) => each.values[at])).reverse();
}

function tableOverTime(caption, unit, axis, series, write) {
  const columns = [{ name: unit }, ...series.map((each) => ({ name: each.name, kind: "number" }))];
  return () => tableOf(caption, columns, rowsOverTime(axis, series, write));
}

function showSpend({ spend, axis, unit }) {
  const named = { model: (each) => each.name, others: () => "other models", events: () => "other events" };
  const series = spend.map((each, at) => ({
    name: named[each.kind](each), values: each.values, hue: each.kind === "model" ? at : undefined,
    hatch: each.kind === "events" || (each.kind === "model" && at % 2 === 1),
  }));
  const by = axis.map((_, at) => sum(series.map((each) => each.values[at])));
  const most = by.indexOf(Math.max(...by));
  if (!axis.length || !by[most]) return place("spend", empty("Nothing has a known cost yet."));
  const first = series[0];
  const said = `${money(sum(by))} in all; most in ${one(unit)}: ${money(by[most])}, ${longBucket(axis[most])}. ` +
    `${first.name} took ${share(sum(first.values), sum(by))} of it.`;
  const table = tableOverTime(`Spend by ${unit} and model`, unit, axis, series, money);
  place("spend", stackOverTime({ axis, series, said, write: money, tick: roundMoney, table }));
}

function showTokens({ tokens, axis, unit }) {
  const series = tokens.map((each, at) => ({ ...each, hue: at, hatch: at % 2 === 1 }));
  const all = sum(series.map((each) => sum(each.values)));
  if (!all) return place("tokens", empty("No tokens have been counted yet."));
  const parts = series.map((each) => `${each.name} ${amount(sum(each.values))}`);
  const table = tableOverTime(`Tokens by ${unit} and kind`, unit, axis, series, amount);
  place("tokens", stackOverTime({ axis, series, said: `${amount(all)} in all: ${parts.join(", ")}.`, write: amount, tick: roundAmount, table }));
}

function showFailures({ failures, head }) {
  const { kinds, providers, counts } = failures;
  if (!kinds.length) return place("failures", empty("No request has failed."));
  const rows = kinds.map((kind, at) => [kind || UNKNOWN, sum(counts.map((each) => each[at])), counts.map((each) => each[at])]);
  const shown = providers.length > HUES ? HUES - 1 : providers.length;
  const series = providers.slice(0, shown).map((name, at) => ({ name: name || UNKNOWN, values: counts[at], hue: at, hatch: at % 2 === 1 }));
  if (shown < providers.length) {
    series.push({ name: "other providers", values: kinds.map((_, at) => sum(counts.slice(shown).map((each) => each[at]))) });
  }
  const said = `${amount(head.total.failed)} of ${amount(head.total.requests)} requests failed; most often ` +
    `${rows.slice(0, 3).map(([kind, times]) => `${kind} (${amount(times)})`).join(", ")}.`;
  const columns = ["kind", "all", ...providers.map((name) => name || UNKNOWN)].map((name, at) => ({ name, kind: at ? "number" : "" }));
  const table = () => tableOf("Requests that failed, by kind and provider", columns, rows.map(([kind, all, each]) => [kind, amount(all), ...each.map(amount)]));
  place("failures", barsByName({ names: rows.map(([kind]) => kind), series, said, write: amount, tick: roundAmount, stacked: true, rowHeight: 22, table }).figure);
}

function showOutages({ outages, by_key }) {
  const columns = ["outage", "first refusal", "last refusal", "next ok", "kinds", "requests", "calls"];
  const rows = outages.map((each) => [
    each.subject, longTime(each.first), longTime(each.last), each.next_ok ? longTime(each.next_ok) : "none in the log",
    each.kinds.map(([kind, times]) => `${kind} ${amount(times)}`).join(", "), amount(each.refusals), amount(each.calls),
  ]);
  const numbers = (names, from) => names.map((name, at) => ({ name, kind: at >= from ? "number" : "" }));
  place("outages", outages.length
    ? tableOf("Three requests or more in a row that a provider did not answer; times in UTC", numbers(columns, 5), rows)
    : empty("No provider has failed three requests in a row."));
  if (by_key.length) place("outages", detailsOf("Failed requests by kind and key", () => tableOf("Failed requests by kind and key",
    numbers(["kind", "provider", "key", "newest", "requests"], 4),
    by_key.map((each) => [each.kind || UNKNOWN, each.provider || UNKNOWN, each.key || NONE, longTime(each.newest), amount(each.requests)]))));
}

const PARTS = [["p50", "half of them (p50)"], ["p90", "9 of 10 (p90)"], ["p99", "99 of 100 (p99)"]];
const WHICH = [["whole", "whole answer"], ["first", "first token"]];

function showLatency({ latency, axis, unit }) {
  const models = latency.models;
  if (!models.length) return ["latency", "latency-time"].forEach((name) => place(name, empty("No answer has a known latency yet.")));
  const [drawn, first] = [models.slice(0, HUES + 1), models[0]];
  const values = (which) => PARTS.map(([part]) => drawn.map((each) => each[which] && each[which][part]));
  const series = PARTS.map(([part], at) => ({ name: part, values: values("whole")[at], hue: [4, 0, 1][at], hatch: at === 1 }));
  const said = `Half of ${first.name}'s ${many(first.whole.count, "answer")} took ${seconds(first.whole.p50)} or less, ` +
    `99 of 100 took ${seconds(first.whole.p99)} or less.`;
  const names = drawn.map((each) => each.name);
  const { figure, chart } = barsByName({ names, series, said, write: seconds, tick: roundSeconds, stacked: false, rowHeight: 48, table: () => latencyTable(models) });
  figure.querySelector("figcaption").after(choiceOf("Until", WHICH, "whole", (which) => redraw(chart, values(which))));
  place("latency", figure);
  showLatencyOverTime(latency.over_time, axis, unit);
}

function latencyTable(models) {
  const columns = ["model", "answers", "p50", "p90", "p99", "first token p50", "p90", "p99"];
  const rows = models.map(({ name, whole, first }) => [
    name, amount(whole.count), ...PARTS.map(([part]) => seconds(whole[part])), ...PARTS.map(([part]) => seconds(first && first[part])),
  ]);
  return tableOf("Latency and first token by model", columns.map((name, at) => ({ name, kind: at ? "number" : "" })), rows);
}

function showLatencyOverTime(models, axis, unit) {
  const values = (part) => models.map((each) => each.values.map((known) => known && known[part]));
  const series = models.map((each, at) => ({ name: each.name, hue: at, dash: DASHES[at % DASHES.length], values: values("p50")[at] }));
  const which = models.length > 1 ? `The ${models.length} models with the most answers` : models[0].name;
  const said = `${which}, whole answers by ${unit}.`;
  const columns = [{ name: unit }, ...models.map((each) => ({ name: each.name, kind: "number" }))];
  const cells = (known) => (known ? PARTS.map(([part]) => seconds(known[part])).join(" / ") : NONE);
  const rows = () => axis.map((bucket, at) => [longBucket(bucket), ...models.map((each) => cells(each.values[at]))]).reverse();
  const table = () => tableOf(`Latency by ${unit}: p50 / p90 / p99`, columns, rows());
  const { figure, chart } = linesOverTime({ axis, series, said, write: seconds, tick: roundSeconds, table });
  figure.querySelector("figcaption").after(choiceOf("Percentile", PARTS, "p50", (part) => redraw(chart, values(part))));
  place("latency-time", figure);
}

const GROUPS = [["model", "model"], ["provider", "provider"], ["key", "key"], ["tag", "tag"], ["user", "user"]];
const NAMELESS = { key: "no key needed", tag: "no tag", user: "no user named" };

function showGroups({ groups }) {
  const area = make("div", { "aria-live": "polite" });
  const show = (by) => area.replaceChildren(groupTable(by, groups[by]));
  place("groups", choiceOf("Sums by", GROUPS, "model", show), area);
  show("model");
}

function groupTable(by, group) {
  const columns = [by, "cost", "calls", "not answered", "failed requests", "tokens in", "tokens out", "from caches", "saved"];
  const rows = group.listed.map((each) => [
    each.name || NAMELESS[by] || UNKNOWN, atLeast(each.cost, each.unpriced), amount(each.calls), amount(each.calls - each.answered), amount(each.failed),
    amount(each.input_t), amount(each.output_t), share(each.cache_read_t, each.input_t), each.saved || !each.unknown_savings ? money(each.saved) : UNKNOWN,
  ]);
  const left = group.all - group.listed.length;
  const note = (left ? `; the ${group.listed.length} dearest of ${amount(group.all)}` : "") + (by === "tag" ? "; a call counts for each of its tags" : "");
  return tableOf(`Sums by ${by}${note}`, columns.map((name, at) => ({ name, kind: at ? "number" : "" })), rows);
}
