// @ts-check
/** Chooses the size of the tiles, so that a page fits on the screen if the tiles stay large enough. */

import { read } from "../settings.js";
import { tiles } from "./tiles.js";

const SMALLEST = 112; // the default of the judge's setting
const LARGEST = 320; // the side of a thumbnail: a larger tile would only blur it
const NARROW = 700; // on narrower screens, such as phones, the page scrolls

/**
 * Return the columns and the side with which `count` square tiles are largest in a space.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 */
export function bestFit(count, width, height, gap) {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const side = Math.min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows, LARGEST);
    if (side > best.side) best = { columns, side };
  }
  return best;
}

/** @typedef {{width: number, height: number, gap: number}} Space */

/** The last measured space for the tiles. @type {Space | null} */
let space = null;

/** Measure the window and fit the grid of the page to it. */
export function fit() {
  space = null;
  refit();
}

/**
 * Fit the grid of a new page into the space of the previous one, so that the browser need not compute the layout
 * before it paints.
 */
export function refit() {
  const grid = /** @type {HTMLElement | null} */ (document.querySelector("#page .tiles"));
  if (!grid) return;
  space ??= measure(grid);
  const { width, height, gap } = space;
  const smallest = Number(read("side")) || SMALLEST;
  const fitted = bestFit(tiles().length, width, height, gap);
  const scrolls = window.innerWidth < NARROW || fitted.side < smallest;
  const columns = scrolls ? Math.max(1, Math.floor((width + gap) / (smallest + gap))) : fitted.columns;
  const side = scrolls ? (width - gap * (columns - 1)) / columns : fitted.side;
  grid.style.setProperty("--columns", String(columns));
  grid.style.setProperty("--side", `${Math.floor(side)}px`);
  layRows(grid, columns);
}

/**
 * @param {HTMLElement} grid
 * @returns {Space}
 */
function measure(grid) {
  const style = getComputedStyle(grid);
  const top = grid.getBoundingClientRect().top + window.scrollY;
  return {
    gap: parseFloat(style.columnGap) || 0,
    width: grid.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
    height: window.innerHeight - top - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
  };
}

/**
 * Group the tiles into rows, by which screen readers count.
 * @param {HTMLElement} grid
 * @param {number} columns
 */
function layRows(grid, columns) {
  if (grid.dataset.columns === String(columns)) return;
  grid.dataset.columns = String(columns);
  const focused = document.activeElement;
  const all = tiles();
  const rows = [];
  for (let at = 0; at < all.length; at += columns) {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "row");
    row.append(...all.slice(at, at + columns));
    rows.push(row);
  }
  grid.replaceChildren(...rows);
  // Moving an element removes the focus from it.
  if (focused instanceof HTMLElement && grid.contains(focused)) focused.focus({ preventScroll: true });
}
