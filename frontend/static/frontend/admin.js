// @ts-check
/** The admin's pages: acts that ask first, panels that open, and news that stay away. */

/** When each part that asks for news last had some; the page itself counts first. */
const opened = new Date();
/** @type {Map<string, Date>} */
const heard = new Map();

/** @param {Event} event */
const partOf = (event) => /** @type {HTMLElement} */ (/** @type {CustomEvent} */ (event).detail.elt);

/**
 * Say quietly that a part is not up to date. The next good answer replaces the part, and
 * the sentence with it.
 * @param {Event} event
 */
function stale(event) {
  const part = partOf(event);
  const note = /** @type {HTMLElement | null} */ (part.querySelector("[data-stale]") ?? document.querySelector("#list [data-stale]"));
  if (!note) return;
  const since = (heard.get(part.id) ?? opened).toISOString().slice(11, 16);
  note.textContent = `Not up to date since ${since} UTC: the server does not answer. This page goes on asking.`;
  note.hidden = false;
}

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, stale);
}
document.body.addEventListener("htmx:afterSwap", (event) => {
  heard.set(/** @type {CustomEvent} */ (event).detail.target.id, new Date());
});

// What was asked for by a link opens above the page.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = /** @type {HTMLElement} */ (/** @type {CustomEvent} */ (event).detail.target);
  const dialog = target.parentElement;
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) event.preventDefault();
});
