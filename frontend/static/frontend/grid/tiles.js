// @ts-check
/** The tiles of the current page: their verdicts, their names and the focus. */

/** @returns {HTMLElement | null} */
export const pageElement = () => document.querySelector("#page[data-assignment]");

/** @returns {number} 0 if there is no page */
export const assignmentId = () => Number(pageElement()?.dataset.assignment ?? 0);

/** Whether the current page is submitted. Corrections are still possible. */
export const isSubmitted = () => Boolean(pageElement()?.hasAttribute("data-submitted"));

/** @returns {HTMLElement[]} in reading order */
export const tiles = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#page .tile"))];

/**
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export const tileById = (id) => document.querySelector(`#page .tile[data-tile="${CSS.escape(id)}"]`);

/** Return the tile that keys mark. */
export const currentTile = () =>
  /** @type {HTMLElement | null} */ (document.querySelector('#page .tile[tabindex="0"]'));

/** Return the tiles that need a verdict. Withdrawn tiles need none. */
export const unmarked = () => tiles().filter((tile) => !tile.dataset.verdict && !("withdrawn" in tile.dataset));

/**
 * Make this the tile that Tab reaches. By default, also move the focus to it.
 * @param {HTMLElement | undefined | null} tile
 * @param {{focus?: boolean}} [options]
 */
export function goTo(tile, { focus = true } = {}) {
  if (!tile) return;
  const previous = currentTile();
  if (previous && previous !== tile) setReachable(previous, false);
  setReachable(tile, true);
  if (focus) tile.focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
}

/**
 * @param {HTMLElement} tile
 * @param {boolean} isReachable
 */
function setReachable(tile, isReachable) {
  tile.tabIndex = isReachable ? 0 : -1;
  for (const link of tile.querySelectorAll("a")) link.tabIndex = tile.tabIndex;
}

/**
 * Return the tile to which a key leads from a tile, or the tile itself at the edge.
 * @param {HTMLElement} tile
 * @param {string} key
 */
export function neighbour(tile, key) {
  const all = tiles();
  const index = all.indexOf(tile);
  const columns = Number(tile.closest("[data-columns]")?.getAttribute("data-columns")) || all.length;
  /** @type {Record<string, number>} */
  const targets = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - columns,
    ArrowDown: index + columns,
    Home: 0,
    End: all.length - 1,
  };
  return all[targets[key]] ?? tile;
}

/**
 * Return the next unmarked tile after this one, continuing at the start. If all are marked, return the following
 * tile.
 * @param {HTMLElement} tile
 */
export function nextToMark(tile) {
  const all = tiles();
  const index = all.indexOf(tile);
  const open = new Set(unmarked());
  const others = [...all.slice(index + 1), ...all.slice(0, index)];
  return others.find((other) => open.has(other)) ?? all[index + 1] ?? tile;
}

/**
 * Show a verdict by colour, icon, border and in words.
 * @param {HTMLElement} tile
 * @param {string} verdict empty for none
 * @param {string} [comment] the judge's comment
 */
export function showVerdict(tile, verdict, comment = "") {
  tile.dataset.verdict = verdict;
  tile.dataset.comment = comment;
  describe(tile);
}

/**
 * Show the verdict that the tile would get. This does not mark it.
 * @param {HTMLElement} tile
 * @param {string} verdict empty for none
 */
export function propose(tile, verdict) {
  tile.dataset.proposed = verdict;
  describe(tile);
}

/**
 * Show on the tile why its mark was refused. An empty sentence removes the message.
 * @param {HTMLElement} tile
 * @param {string} sentence
 */
export function showRefusal(tile, sentence) {
  const line = /** @type {HTMLElement} */ (tile.querySelector(".refusal"));
  line.textContent = sentence;
  line.hidden = !sentence;
  describe(tile);
}

/** Update the accessible name. @param {HTMLElement} tile */
function describe(tile) {
  const name = (tile.getAttribute("aria-label") ?? "").split(":")[0];
  const { verdict, proposed, comment } = tile.dataset;
  const state = verdict || (proposed ? `not marked, proposed ${proposed}` : "not marked");
  const refusal = tile.querySelector(".refusal")?.textContent ?? "";
  const parts = [`${name}: ${state}`, comment && `comment: ${comment}`, refusal];
  tile.setAttribute("aria-label", parts.filter(Boolean).join(". "));
}
