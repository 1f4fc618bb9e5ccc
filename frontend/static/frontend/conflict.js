// @ts-check
/** One key an act, on the pages where somebody decides about one picture. */

import { watchLook } from "./settings.js";

/** @type {Record<string, string>} */
const ACTS = { 1: "yes", y: "yes", 2: "no", n: "no", 3: "broken", b: "broken", s: "later", u: "undo", t: "note", o: "source" };

/** @param {Element} element */
const isWriting = (element) => element.matches("input, textarea, select, [contenteditable]");

/** @param {KeyboardEvent} event */
function act(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = /** @type {Element} */ (event.target);
  if (isWriting(target)) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (target).blur();
    return;
  }
  const name = ACTS[event.key.toLowerCase()];
  const found = name && document.querySelector(`[data-key="${name}"]`);
  if (!(found instanceof HTMLElement)) return;
  event.preventDefault();
  if (isWriting(found)) found.focus();
  else found.click();
}

document.addEventListener("keydown", act);
// Pressed twice, a verdict would be sent twice.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
watchLook();
