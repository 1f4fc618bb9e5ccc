// @ts-check
/** Zoom while a key or the pointer is held: the full picture beside the picture of the entity. */

import { setPicture } from "./dialogs.js";

const panel = () => /** @type {HTMLElement} */ (document.getElementById("zoom"));

export const isZoomed = () => !panel().hidden;

/** @param {HTMLElement | null | undefined} tile */
export function zoom(tile) {
  const small = tile?.querySelector("img");
  if (!small || isZoomed()) return;
  const full = /** @type {HTMLAnchorElement | null} */ (tile?.querySelector('[data-link="full"]'));
  // The thumbnail stays visible until the full picture is loaded.
  setPicture(panel(), "small", small.getAttribute("src"));
  setPicture(panel(), "picture", full?.href);
  setPicture(panel(), "likeness", document.querySelector(".likeness img")?.getAttribute("src"));
  panel().hidden = false;
}

export function unzoom() {
  panel().hidden = true;
}
