// @ts-check
/**
 * Draws a plot from the table below it, and hides the table until its button is pressed. Without this script, and
 * for screen readers, the table contains all data.
 */

const HEIGHT = 260;
const DAY = 24 * 3600;
// Lines differ by their dashes, not only by colour.
const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4], [4, 2], [16, 6], [1, 4]];
const MARKS = ["solid", "dashed", "dotted", "double"];

/**
 * @typedef {{ plot: any, canvas: HTMLElement }} Plot
 *
 * @typedef {object} Data
 * @property {string} heading of the horizontal axis
 * @property {boolean} isByDay
 * @property {boolean} isByYear
 * @property {string[]} names of the lines
 * @property {number[]} xs
 * @property {(number | null)[][]} columns the values of each line
 * @property {number | null} top the highest possible value, if known
 */

const uPlot = /** @type {any} */ (globalThis).uPlot;
/** @type {Plot[]} */
let plots = [];
/** The names of plots whose table is shown. They stay when the part is reloaded. @type {Set<string>} */
const shownTables = new Set();

// --- Reading the table ----------------------------------------------------------------

/**
 * Return the data of a table. The first column is the horizontal position, a day or a number. Each other column is a
 * line, except those whose heading has `data-beside`. `data-diagonal` is the name of a line from 0 to 1, `data-top`
 * is the highest possible value, and `data-years` means that the numbers are years.
 * @param {HTMLTableElement} table
 */
function readTable(table) {
  const heads = [...(table.tHead?.rows[0].cells ?? [])];
  const rows = [...table.tBodies[0].rows];
  const lines = heads.slice(1).filter((head) => !("beside" in head.dataset));
  const data = {
    heading: heads[0].textContent ?? "",
    isByDay: table.querySelector("tbody time") !== null,
    isByYear: "years" in table.dataset,
    names: lines.map((head) => head.textContent ?? ""),
    xs: rows.map((row) => positionOf(row.cells[0])),
    columns: lines.map((head) => rows.map((row) => cellValue(row.cells[head.cellIndex]))),
    top: table.dataset.top === undefined ? null : Number(table.dataset.top),
  };
  return table.dataset.diagonal ? withDiagonal(data, table.dataset.diagonal) : data;
}

/**
 * @param {Data} data
 * @param {string} name
 * @returns {Data}
 */
function withDiagonal(data, name) {
  const xs = [0, ...data.xs, 1];
  const columns = data.columns.map((column) => [null, ...column, null]);
  return { ...data, xs, names: [...data.names, name], columns: [...columns, xs] };
}

/** @param {HTMLTableCellElement} cell */
function positionOf(cell) {
  const time = cell.querySelector("time");
  return time ? Date.parse(time.dateTime) / 1000 : (cellValue(cell) ?? 0);
}

/** @param {HTMLTableCellElement} cell */
function cellValue(cell) {
  const value = cell.querySelector("data")?.value;
  return value === undefined ? null : Number(value);
}

// --- The options of uPlot ---------------------------------------------------------------

/** @param {number} number */
const figure = (number) => number.toLocaleString("en-GB", { maximumFractionDigits: 3 });

/** @param {number} seconds */
const date = (seconds) =>
  new Date(seconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** @param {(value: number) => string} format */
const label = (format) => (/** @type {any} */ _, /** @type {number | null} */ value) =>
  value === null ? "–" : format(value);

/** @param {(value: number) => string} format */
const ticks = (format) => (/** @type {any} */ _, /** @type {number[]} */ values) => values.map(format);

/**
 * Return the options of the horizontal axis for days, years or numbers.
 * @param {Data} data
 */
function horizontalAxis({ isByDay, isByYear, xs, heading }) {
  const [first, last] = [xs[0], xs[xs.length - 1]];
  if (isByYear) {
    const axis = { space: 48, incrs: [10, 20, 50, 100], values: ticks(String) };
    return { range: [first - 5, last + 5], axis, series: { label: heading, value: label(String) } };
  }
  if (!isByDay) return { range: [first, last], axis: { space: 48 }, series: { label: heading, value: label(figure) } };
  const axis = { space: 56, incrs: [1, 2, 3, 5, 7, 14, 28].map((days) => days * DAY), values: ticks(date) };
  return { range: [first - DAY / 2, last + DAY / 2], axis, series: { label: "Day", value: label(date) } };
}

/**
 * Return the colour of a custom property. Its value can contain light-dark(), which only a colour property resolves.
 * @param {HTMLElement} canvas
 * @param {string} name
 */
function colourOf(canvas, name) {
  const probe = canvas.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @param {HTMLElement} canvas */
const widthOf = (canvas) => Math.max(200, canvas.clientWidth - 18);

/**
 * @param {HTMLElement} canvas
 * @param {Data} data
 */
function seriesOf(canvas, data) {
  return data.names.map((label, index) => {
    const stroke = colourOf(canvas, `--plot-${(index % 7) + 1}`);
    const points = { show: data.columns[index] !== data.xs, size: 6, fill: stroke };
    return { label, stroke, width: 2, dash: DASHES[index % 7], points, spanGaps: false };
  });
}

/**
 * @param {HTMLElement} canvas
 * @param {Data} data
 */
function optionsOf(canvas, data) {
  const ink = colourOf(canvas, "--soft");
  const grid = { stroke: colourOf(canvas, "--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { stroke: ink, width: 1 } };
  const horizontal = horizontalAxis(data);
  const range = (/** @type {any} */ _, /** @type {number} */ min, /** @type {number} */ max) => [
    Math.min(0, min * 1.1),
    data.top ?? Math.max(1, max * 1.1),
  ];
  // CSS has fewer kinds of dashes than a canvas. Names and values still tell the lines apart.
  const dash = (/** @type {any} */ _, /** @type {number} */ index) => MARKS[(index - 1) % MARKS.length];
  return {
    width: widthOf(canvas),
    height: HEIGHT,
    tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { x: { time: data.isByDay, range: horizontal.range }, y: { range } },
    axes: [
      { ...axis, ...horizontal.axis },
      { ...axis, size: 56 },
    ],
    legend: { markers: { width: 3, dash } },
    cursor: { drag: { x: false, y: false } },
    series: [horizontal.series, ...seriesOf(canvas, data)],
  };
}

// --- Plots on the page --------------------------------------------------------------------

/** @param {HTMLElement} element */
function draw(element) {
  const canvas = /** @type {HTMLElement} */ (element.querySelector(".canvas"));
  const data = readTable(/** @type {HTMLTableElement} */ (element.querySelector("table")));
  const plot = new uPlot(optionsOf(canvas, data), [data.xs, ...data.columns], canvas);
  plots.push({ plot, canvas });
  sizes.observe(canvas);
  offerTable(element);
}

/**
 * Let the button of a plot show and hide its table.
 * @param {HTMLElement} element
 */
function offerTable(element) {
  const button = /** @type {HTMLButtonElement} */ (element.querySelector("figcaption button"));
  const table = /** @type {HTMLElement} */ (document.getElementById(button.getAttribute("aria-controls") ?? ""));
  const name = element.dataset.plot ?? "";
  const show = (/** @type {boolean} */ isShown) => {
    table.hidden = !isShown;
    button.setAttribute("aria-expanded", String(isShown));
    shownTables[isShown ? "add" : "delete"](name);
  };
  button.onclick = () => show(table.hidden);
  show(shownTables.has(name));
}

function drawAll() {
  for (const { plot, canvas } of plots) {
    plot.destroy();
    sizes.unobserve(canvas);
  }
  plots = [];
  for (const element of document.querySelectorAll("[data-plot]")) draw(/** @type {HTMLElement} */ (element));
}

const sizes = new ResizeObserver(() => {
  for (const { plot, canvas } of plots) {
    const width = widthOf(canvas);
    if (width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }
});

drawAll();
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target.id === "days") drawAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
