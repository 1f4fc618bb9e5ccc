// @ts-check
/** One key per action, on pages where a person decides about one picture. */

import { bindAppearance } from "./settings.js";

/** @type {Record<string, string>} */
const ACTIONS = {
  1: "yes",
  y: "yes",
  2: "no",
  n: "no",
  3: "broken",
  b: "broken",
  s: "later",
  u: "undo",
  t: "note",
  o: "source",
  v: "see",
};

/** @param {Element} element */
const isField = (element) => element.matches("input, textarea, select, [contenteditable]");

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = /** @type {Element} */ (event.target);
  if (isField(target)) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (target).blur();
    return;
  }
  const name = ACTIONS[event.key.toLowerCase()];
  const control = name && document.querySelector(`[data-key="${name}"]`);
  if (!(control instanceof HTMLElement)) return;
  event.preventDefault();
  if (isField(control)) control.focus();
  else control.click();
}

document.addEventListener("keydown", onKey);
// Without this, pressing a key twice would send a verdict twice.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
bindAppearance();
