// @ts-check
/** The guidelines: shown at first and again when they changed, and nobody is stopped. */

import { read, write } from "../settings.js";
import { whisper } from "./notices.js";

const panel = () => /** @type {HTMLElement | null} */ (document.getElementById("guidelines"));

/** A page has been painted: the panel belongs into it. */
export function placeGuidelines() {
  const shown = panel();
  if (!shown) return;
  document.querySelector("#page .side")?.append(shown);
  if (read(nameOf(shown)) !== shown.dataset.version) setShown(true);
}

export function toggleGuidelines() {
  const shown = panel();
  if (!shown) return;
  setShown(shown.hidden);
  if (!shown.hidden) shown.scrollIntoView({ block: "nearest" });
}

/** They have been read as they are now. */
export function closeGuidelines() {
  const shown = panel();
  if (!shown) return;
  write(nameOf(shown), shown.dataset.version ?? "");
  setShown(false);
}

/** @param {boolean} isShown */
function setShown(isShown) {
  const shown = panel();
  if (!shown || shown.hidden !== isShown) return;
  shown.hidden = !isShown;
  whisper(isShown ? "The guidelines are shown." : "The guidelines are closed.");
}

/** @param {HTMLElement} shown */
const nameOf = (shown) => `guidelines.${shown.dataset.batch}`;
