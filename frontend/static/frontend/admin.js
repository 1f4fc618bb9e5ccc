// @ts-check
/** Admin pages: actions that ask for confirmation, panels that open, and parts that are out of date. */

/** When the page was loaded. */
const loadedAt = new Date();
/** When each part was last updated, by its id. @type {Map<string, Date>} */
const updatedAt = new Map();

/** @param {Event} event */
const partOf = (event) => /** @type {HTMLElement} */ (/** @type {CustomEvent} */ (event).detail.elt);

/**
 * Show that a part is out of date. The next successful answer replaces the part together with this message.
 * @param {Event} event
 */
function showOutdated(event) {
  const part = partOf(event);
  const note = /** @type {HTMLElement | null} */ (
    part.querySelector("[data-stale]") ?? document.querySelector("#list [data-stale]")
  );
  if (!note) return;
  const since = (updatedAt.get(part.id) ?? loadedAt).toISOString().slice(11, 16);
  note.textContent = `Not up to date since ${since} UTC: the server does not answer. This page keeps trying.`;
  note.hidden = false;
}

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, showOutdated);
}
document.body.addEventListener("htmx:afterSwap", (event) => {
  updatedAt.set(/** @type {CustomEvent} */ (event).detail.target.id, new Date());
});

// Content that a link loads into a dialog opens above the page.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = /** @type {HTMLElement} */ (/** @type {CustomEvent} */ (event).detail.target);
  const dialog = target.parentElement;
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) event.preventDefault();
});
