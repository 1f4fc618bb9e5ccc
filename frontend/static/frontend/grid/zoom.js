// @ts-check
/** Hold to look closer: the picture in full beside the one to compare with. */

import { setPicture } from "./dialogs.js";

const panel = () => /** @type {HTMLElement} */ (document.getElementById("zoom"));

export const isZoomed = () => !panel().hidden;

/** @param {HTMLElement | null | undefined} tile */
export function zoom(tile) {
  const small = tile?.querySelector("img");
  if (!small || isZoomed()) return;
  const full = /** @type {HTMLAnchorElement | null} */ (tile?.querySelector('[data-link="full"]'));
  // What is there already is shown until the full picture has come.
  setPicture(panel(), "small", small.getAttribute("src"));
  setPicture(panel(), "picture", full?.href);
  setPicture(panel(), "likeness", document.querySelector(".likeness img")?.getAttribute("src"));
  panel().hidden = false;
}

export function unzoom() {
  panel().hidden = true;
}
