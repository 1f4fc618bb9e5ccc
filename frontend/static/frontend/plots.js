// @ts-check
/**
 * Draws the table that lies behind each plot, and hides it until somebody asks. The
 * table is all that is known: without a script, or without eyes, it is the plot.
 */

const HEIGHT = 260;
// Lines differ by their dashes, not by colour alone.
const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4], [4, 2], [16, 6], [1, 4]];
const MARKS = ["solid", "dashed", "dotted", "double"];

/** @typedef {{ plot: any, place: HTMLElement }} Drawn */

const uPlot = /** @type {any} */ (globalThis).uPlot;
/** @type {Drawn[]} */
let drawn = [];
/** @type {Set<string>} plots whose table is shown, through all news */
const shown = new Set();


/**
 * A custom property may hold light-dark(): only a property that is a colour resolves it.
 * @param {HTMLElement} place
 * @param {string} name
 */
function resolved(place, name) {
  const probe = place.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/**
 * The first column is where, a day or a number; each other one is a line, but those
 * whose heading says `data-beside`. `data-diagonal` names a line from 0 to 1, `data-top`
 * the highest value there can be; `data-years` says that the numbers are years.
 * @param {HTMLTableElement} table
 */
function read(table) {
  const heads = [...table.tHead?.rows[0].cells ?? []];
  const rows = [...table.tBodies[0].rows];
  const drawn = heads.slice(1).filter((head) => !("beside" in head.dataset));
  const data = {
    heading: heads[0].textContent ?? "",
    isByDay: table.querySelector("tbody time") !== null,
    isByYear: "years" in table.dataset,
    names: drawn.map((head) => head.textContent ?? ""),
    xs: rows.map((row) => placeOf(row.cells[0])),
    columns: drawn.map((head) => rows.map((row) => valueOf(row.cells[head.cellIndex]))),
    top: table.dataset.top === undefined ? null : Number(table.dataset.top),
  };
  return table.dataset.diagonal ? withDiagonal(data, table.dataset.diagonal) : data;
}

/** @typedef {{ heading: string, isByDay: boolean, isByYear: boolean, names: string[], xs: number[], columns: (number | null)[][], top: number | null }} Data */

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
function placeOf(cell) {
  const time = cell.querySelector("time");
  return time ? Date.parse(time.dateTime) / 1000 : valueOf(cell) ?? 0;
}

/** @param {HTMLTableCellElement} cell */
function valueOf(cell) {
  const value = cell.querySelector("data")?.value;
  return value === undefined ? null : Number(value);
}

const DAY = 24 * 3600;

/**
 * What differs between days and numbers along the lower edge.
 * @param {Data} data
 */
function lowerEdge({ isByDay, isByYear, xs, heading }) {
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const told = (/** @type {(at: number) => string} */ words) => (/** @type {any} */ _, /** @type {number | null} */ at) => (at === null ? "–" : words(at));
  if (isByYear) return { range: [first - 5, last + 5], axis: { space: 48, incrs: [10, 20, 50, 100], values: years }, series: { label: heading, value: told(String) } };
  if (!isByDay) return { range: [first, last], axis: { space: 48 }, series: { label: heading, value: told(figureOf) } };
  const axis = { space: 56, incrs: [1, 2, 3, 5, 7, 14, 28].map((n) => n * DAY), values: dates };
  return { range: [first - DAY / 2, last + DAY / 2], axis, series: { label: "Day", value: told(dateOf) } };
}

/**
 * @param {HTMLElement} place
 * @param {Data} data
 */
function options(place, data) {
  const ink = resolved(place, "--soft");
  const axis = { stroke: ink, grid: { stroke: resolved(place, "--line"), width: 1 }, ticks: { stroke: ink, width: 1 } };
  const series = data.names.map((label, n) => {
    const stroke = resolved(place, `--plot-${(n % 7) + 1}`);
    return { label, stroke, width: 2, dash: DASHES[n % 7], points: { show: data.columns[n] !== data.xs, size: 6, fill: stroke }, spanGaps: false };
  });
  const lower = lowerEdge(data);
  const upper = (/** @type {any} */ _, /** @type {number} */ least, /** @type {number} */ most) => [Math.min(0, least * 1.1), data.top ?? Math.max(1, most * 1.1)];
  return {
    width: Math.max(200, place.clientWidth - 18),
    height: HEIGHT,
    tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    scales: { x: { time: data.isByDay, range: lower.range }, y: { range: upper } },
    axes: [{ ...axis, ...lower.axis }, { ...axis, size: 56 }],
    // CSS has fewer dashes than a canvas; names and the value under the pointer do the rest.
    legend: { markers: { width: 3, dash: (/** @type {any} */ _, /** @type {number} */ n) => MARKS[(n - 1) % MARKS.length] } },
    cursor: { drag: { x: false, y: false } },
    series: [lower.series, ...series],
  };
}

/** @param {number} number */
const figureOf = (number) => number.toLocaleString("en-GB", { maximumFractionDigits: 3 });

/** @param {number} at */
const dateOf = (at) => new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/**
 * @param {any} _
 * @param {number[]} ticks
 */
function dates(_, ticks) {
  return ticks.map(dateOf);
}

/**
 * @param {any} _
 * @param {number[]} ticks
 */
function years(_, ticks) {
  return ticks.map(String);
}

/** @param {HTMLElement} figure */
function draw(figure) {
  const place = /** @type {HTMLElement} */ (figure.querySelector(".canvas"));
  const table = /** @type {HTMLTableElement} */ (figure.querySelector("table"));
  const data = read(table);
  const plot = new uPlot(options(place, data), [data.xs, ...data.columns], place);
  drawn.push({ plot, place });
  sizes.observe(place);
  offerTable(figure);
}

/** @param {HTMLElement} figure */
function offerTable(figure) {
  const button = /** @type {HTMLButtonElement} */ (figure.querySelector("figcaption button"));
  const behind = /** @type {HTMLElement} */ (document.getElementById(button.getAttribute("aria-controls") ?? ""));
  const name = figure.dataset.plot ?? "";
  const show = (/** @type {boolean} */ is) => {
    behind.hidden = !is;
    button.setAttribute("aria-expanded", String(is));
    shown[is ? "add" : "delete"](name);
  };
  button.onclick = () => show(behind.hidden);
  show(shown.has(name));
}

function drawAll() {
  for (const { plot, place } of drawn) {
    plot.destroy();
    sizes.unobserve(place);
  }
  drawn = [];
  for (const figure of document.querySelectorAll("[data-plot]")) draw(/** @type {HTMLElement} */ (figure));
}

const sizes = new ResizeObserver(() => {
  for (const { plot, place } of drawn) {
    const width = Math.max(200, place.clientWidth - 18);
    if (width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }
});

drawAll();
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target.id === "days") drawAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
