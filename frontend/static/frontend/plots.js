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

/** @param {HTMLTableElement} table */
function read(table) {
  const names = [...table.tHead?.rows[0].cells ?? []].map((cell) => cell.textContent ?? "");
  const rows = [...table.tBodies[0].rows];
  const days = rows.map((row) => Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000);
  const columns = names.slice(1).map((_, n) => rows.map((row) => valueOf(row.cells[n + 1])));
  return { names: names.slice(1), days, columns, unit: table.dataset.unit ?? "" };
}

/** @param {HTMLTableCellElement} cell */
function valueOf(cell) {
  const value = cell.querySelector("data")?.value;
  return value === undefined ? null : Number(value);
}

/**
 * @param {HTMLElement} place
 * @param {ReturnType<typeof read>} data
 */
function options(place, data) {
  const ink = resolved(place, "--soft");
  const axis = { stroke: ink, grid: { stroke: resolved(place, "--line"), width: 1 }, ticks: { stroke: ink, width: 1 } };
  const series = data.names.map((label, n) => {
    const stroke = resolved(place, `--plot-${(n % 7) + 1}`);
    return { label, stroke, width: 2, dash: DASHES[n % 7], points: { show: true, size: 6, fill: stroke }, spanGaps: false };
  });
  const day = 24 * 3600;
  const [first, last] = [data.days[0], data.days[data.days.length - 1]];
  return {
    width: Math.max(200, place.clientWidth - 18),
    height: HEIGHT,
    tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    scales: { x: { range: [first - day / 2, last + day / 2] }, y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ top) => [0, Math.max(1, top * 1.1)] } },
    axes: [{ ...axis, space: 56, incrs: [1, 2, 3, 5, 7, 14, 28].map((n) => n * day), values: dates }, { ...axis, size: 56 }],
    // CSS has fewer dashes than a canvas; names and the value under the pointer do the rest.
    legend: { markers: { width: 3, dash: (/** @type {any} */ _, /** @type {number} */ n) => MARKS[(n - 1) % MARKS.length] } },
    cursor: { drag: { x: false, y: false } },
    series: [{ label: "Day", value: (/** @type {any} */ _, /** @type {number | null} */ at) => (at === null ? "–" : dateOf(at)) }, ...series],
  };
}

/** @param {number} at */
const dateOf = (at) => new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/**
 * @param {any} _
 * @param {number[]} ticks
 */
function dates(_, ticks) {
  return ticks.map(dateOf);
}

/** @param {HTMLElement} figure */
function draw(figure) {
  const place = /** @type {HTMLElement} */ (figure.querySelector(".canvas"));
  const table = /** @type {HTMLTableElement} */ (figure.querySelector("table"));
  const data = read(table);
  const plot = new uPlot(options(place, data), [data.days, ...data.columns], place);
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
