// @ts-check
/** The guidelines. They are open at the first visit and after a change, and never block the work. */

import { read, write } from "../settings.js";
import { announceToScreenReaders } from "./notices.js";

const panel = () => /** @type {HTMLElement | null} */ (document.getElementById("guidelines"));

/** Move the panel into a page that was just shown. Open it if this version was not closed before. */
export function placeGuidelines() {
  const element = panel();
  if (!element) return;
  document.querySelector("#page .side")?.append(element);
  if (read(settingOf(element)) !== element.dataset.version) setOpen(true);
}

export function toggleGuidelines() {
  const element = panel();
  if (!element) return;
  setOpen(element.hidden);
  if (!element.hidden) element.scrollIntoView({ block: "nearest" });
}

/** Close the panel until the guidelines change. */
export function closeGuidelines() {
  const element = panel();
  if (!element) return;
  write(settingOf(element), element.dataset.version ?? "");
  setOpen(false);
}

/** @param {boolean} isOpen */
function setOpen(isOpen) {
  const element = panel();
  if (!element || element.hidden !== isOpen) return;
  element.hidden = !isOpen;
  announceToScreenReaders(isOpen ? "The guidelines are open." : "The guidelines are closed.");
}

/** @param {HTMLElement} element */
const settingOf = (element) => `guidelines.${element.dataset.batch}`;
