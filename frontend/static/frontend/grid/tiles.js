// @ts-check
/** The tiles of the page that is shown: what they say, and where the focus is. */

/** @returns {HTMLElement | null} */
export const pageElement = () => document.querySelector("#page[data-assignment]");

/** @returns {number} 0 where there is no page */
export const assignmentId = () => Number(pageElement()?.dataset.assignment ?? 0);

/** Whether the page that is shown has been handed in; corrections are still taken. */
export const isSubmitted = () => Boolean(pageElement()?.hasAttribute("data-submitted"));

/** @returns {HTMLElement[]} in reading order */
export const tiles = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#page .tile"))];

/**
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export const tileById = (id) => document.querySelector(`#page .tile[data-tile="${CSS.escape(id)}"]`);

/** The tile that the keys mark. */
export const currentTile = () => /** @type {HTMLElement | null} */ (document.querySelector('#page .tile[tabindex="0"]'));

/** Tiles that still need a verdict. Withdrawn ones are no longer asked for. */
export const unmarked = () => tiles().filter((tile) => !tile.dataset.verdict && !("withdrawn" in tile.dataset));

/** Which picture it is, for people: counted from 1 in reading order. @param {HTMLElement} tile */
export const numberOf = (tile) => tiles().indexOf(tile) + 1;

/**
 * Make this the tile that Tab reaches, and move the focus to it where asked.
 * @param {HTMLElement | undefined | null} tile
 * @param {{focus?: boolean}} [options]
 */
export function goTo(tile, { focus = true } = {}) {
  if (!tile) return;
  const before = currentTile();
  if (before && before !== tile) setReachable(before, false);
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
 * Where an arrow key leads from a tile; the tile itself at the edge.
 * @param {HTMLElement} tile
 * @param {string} key
 */
export function neighbour(tile, key) {
  const all = tiles();
  const at = all.indexOf(tile);
  const columns = Number(tile.closest("[data-columns]")?.getAttribute("data-columns")) || all.length;
  /** @type {Record<string, number>} */
  const places = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: all.length - 1,
  };
  return all[places[key]] ?? tile;
}

/**
 * The next tile without a verdict after this one, from the start again at the end;
 * where all are marked, the one that follows.
 * @param {HTMLElement} tile
 */
export function nextToMark(tile) {
  const all = tiles();
  const at = all.indexOf(tile);
  const open = new Set(unmarked());
  const turned = [...all.slice(at + 1), ...all.slice(0, at)];
  return turned.find((other) => open.has(other)) ?? all[at + 1] ?? tile;
}

/**
 * Show a verdict by colour, sign, border and in words.
 * @param {HTMLElement} tile
 * @param {string} verdict empty for none
 * @param {string} [comment] what the judge says about it
 */
export function showVerdict(tile, verdict, comment = "") {
  tile.dataset.verdict = verdict;
  tile.dataset.comment = comment;
  describe(tile);
}

/**
 * Show on a tile what it would be marked as; it is not marked by that.
 * @param {HTMLElement} tile
 * @param {string} verdict empty for none
 */
export function propose(tile, verdict) {
  tile.dataset.proposed = verdict;
  describe(tile);
}

/**
 * Say on the tile why a mark was not taken; nothing says that all is well.
 * @param {HTMLElement} tile
 * @param {string} sentence
 */
export function showRefusal(tile, sentence) {
  const place = /** @type {HTMLElement} */ (tile.querySelector(".refusal"));
  place.textContent = sentence;
  place.hidden = !sentence;
  describe(tile);
}

/** @param {HTMLElement} tile */
function describe(tile) {
  const name = (tile.getAttribute("aria-label") ?? "").split(":")[0];
  const { verdict, proposed, comment } = tile.dataset;
  const said = verdict || (proposed ? `not marked, proposed ${proposed}` : "not marked");
  const refusal = tile.querySelector(".refusal")?.textContent ?? "";
  tile.setAttribute("aria-label", [`${name}: ${said}`, comment && `comment: ${comment}`, refusal].filter(Boolean).join(". "));
}
