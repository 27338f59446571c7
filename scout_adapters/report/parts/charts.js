// Charts by Chart.js: with a legend of buttons, a summary as text and a table of the data.
"use strict";

const HUES = 8;
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [14, 4], [1, 5]];
const POINTS = ["circle", "rect", "triangle", "rectRot", "crossRot", "star"];

// Series of a chart differ in colour and pattern.
function fillOf(series) {
  const base = series.hue === undefined ? colour("grey") : colour("hue-" + (series.hue % HUES));
  return series.hatch ? hatched(base) : base;
}

function hatched(base) {
  const tile = make("canvas", { width: 8, height: 8 });
  const pen = tile.getContext("2d");
  pen.fillStyle = base;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour("hatch");
  pen.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function legendOf(series, chart) {
  const list = make("ul", { className: "legend" });
  series.forEach((one, place) => {
    const swatch = one.dash ? lineSwatch(one.dash) : make("span", { className: one.hatch ? "swatch hatched" : "swatch" });
    swatch.setAttribute("aria-hidden", "true");
    swatch.style.setProperty("--swatch", `var(--${one.hue === undefined ? "grey" : "hue-" + (one.hue % HUES)})`);
    const button = make("button", { type: "button", "aria-pressed": "true" }, swatch, one.name);
    button.addEventListener("click", () => {
      const shown = !chart.isDatasetVisible(place);
      chart.setDatasetVisibility(place, shown);
      button.setAttribute("aria-pressed", String(shown));
      chart.update();
    });
    list.append(make("li", {}, button));
  });
  return list;
}

// A sample of a chart's line with its dashes, for the legend.
function lineSwatch(dash) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS(picture.namespaceURI, "path");
  picture.setAttribute("class", "swatch line");
  line.setAttribute("d", "M0 7H30");
  line.setAttribute("stroke-dasharray", dash.join(" "));
  picture.append(line);
  return picture;
}

// A figure: the plot, and its content as text for screen readers.
function figureOf({ said, config, series, height, stretches, table }) {
  const canvas = make("canvas", { role: "img", "aria-label": said });
  const plot = make("div", { className: stretches ? "plot stretches" : "plot" }, canvas);
  plot.style.setProperty("--height", height + "px");
  const figure = make("figure", {}, make("figcaption", {}, said), plot);
  paint(config.data, config.options, series);
  const chart = new Chart(canvas, config);
  plot.before(legendOf(series, chart));
  figure.append(detailsOf("The same as a table", table));
  onTheme.push(() => {
    paint(chart.data, chart.options, series);
    chart.update();
  });
  return { figure, chart };
}

function paint({ datasets }, { scales, plugins }, series) {
  datasets.forEach((dataset, place) => {
    dataset.backgroundColor = fillOf(series[place]);
    dataset.borderColor = fillOf({ hue: series[place].hue });
  });
  for (const scale of Object.values(scales)) {
    scale.ticks.color = colour("muted");
    scale.grid.color = colour("line");
    scale.border = { color: colour("line") };
  }
  plugins.tooltip.backgroundColor = colour("tip");
  plugins.tooltip.titleColor = plugins.tooltip.bodyColor = plugins.tooltip.footerColor = colour("on-tip");
}

function optionsOf({ scales, tooltip, ...more }) {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales,
    plugins: { legend: { display: false }, tooltip },
    ...more,
  };
}

function timeScale() {
  return {
    stacked: true,
    grid: { display: false },
    ticks: { maxRotation: 0, autoSkipPadding: 18, callback(place) { return shortTime(this.getLabelForValue(place)); } },
  };
}

// Stacked bars over time.
function stackOverTime({ axis, series, said, write, tick, table }) {
  const datasets = series.map((one) => ({
    label: one.name, data: one.values, borderWidth: 0, categoryPercentage: 0.9, barPercentage: 1, maxBarThickness: 56,
  }));
  const tooltip = {
    filter: (item) => item.raw > 0,
    itemSort: (one, other) => other.raw - one.raw,
    callbacks: {
      title: (items) => (items.length ? longBucket(items[0].label) : ""),
      label: (item) => `${item.dataset.label}: ${write(item.raw)}`,
      footer: (items) => (items.length > 1 ? `together: ${write(sum(items.map((item) => item.raw)))}` : ""),
    },
  };
  const scales = { x: timeScale(), y: { stacked: true, beginAtZero: true, grid: {}, ticks: { callback: tick, maxTicksLimit: 6 } } };
  const config = { type: "bar", data: { labels: axis, datasets }, options: optionsOf({ scales, tooltip }) };
  return figureOf({ said, config, series, height: 260, stretches: true, table }).figure;
}

// Horizontal bars, one row per name.
function barsByName({ names, series, said, write, tick, stacked, rowHeight, table }) {
  const datasets = series.map((one) => ({ label: one.name, data: one.values, borderWidth: 0, maxBarThickness: 18 }));
  const tooltip = {
    filter: (item) => item.raw > 0,
    callbacks: {
      title: (items) => (items.length ? names[items[0].dataIndex] : ""),
      label: (item) => `${item.dataset.label}: ${write(item.raw)}`,
    },
  };
  const scales = {
    x: { stacked, beginAtZero: true, grid: {}, ticks: { callback: tick, maxTicksLimit: 5, maxRotation: 0 } },
    y: { stacked, grid: { display: false }, ticks: { autoSkip: false, crossAlign: "far" } },
  };
  const labels = names.map((name) => twoLines(name));
  const config = {
    type: "bar",
    data: { labels, datasets },
    options: optionsOf({ scales, tooltip, indexAxis: "y", interaction: { mode: "index", axis: "y", intersect: false } }),
  };
  return figureOf({ said, config, series, height: names.length * rowHeight + 40, table });
}

function twoLines(name) {
  const at = name.indexOf("/");
  return at < 0 ? cut(name, 20) : [cut(name.slice(0, at), 20), cut(name.slice(at + 1), 20)];
}

// Lines over time; `show` replaces the values.
function linesOverTime({ axis, series, said, write, tick, table }) {
  const datasets = series.map((one, place) => ({
    type: "line", label: one.name, data: one.values, borderWidth: 2, pointRadius: radiusOf, pointHoverRadius: 5, borderDash: one.dash, pointStyle: POINTS[place % POINTS.length],
  }));
  const tooltip = {
    filter: (item) => item.raw !== null,
    callbacks: {
      title: (items) => (items.length ? longBucket(items[0].label) : ""),
      label: (item) => `${item.dataset.label}: ${write(item.raw)}`,
    },
  };
  const scales = { x: timeScale(), y: { beginAtZero: true, grid: {}, ticks: { callback: tick, maxTicksLimit: 6 } } };
  const config = { type: "line", data: { labels: axis, datasets }, options: optionsOf({ scales, tooltip }) };
  return figureOf({ said, config, series, height: 300, stretches: true, table });
}

// Draw a point if there are few, or if no line connects it.
function radiusOf({ dataset, dataIndex }) {
  const values = dataset.data;
  const alone = [dataIndex - 1, dataIndex + 1].every((at) => values[at] === null || values[at] === undefined);
  return alone || values.length <= 40 ? 3 : 0;
}

// Replace the values of a chart's series.
function redraw(chart, values) {
  chart.data.datasets.forEach((dataset, place) => { dataset.data = values[place]; });
  chart.update();
}
