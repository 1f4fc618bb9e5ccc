// @ts-check
/** The dialogs of the page, and what they ask. */

/**
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
export const dialog = (id) => /** @type {HTMLDialogElement} */ (document.getElementById(id));

/** Whether a dialog is open, which then has the keys to itself. */
export const isDialogOpen = () => Boolean(document.querySelector("dialog[open]"));

/** @param {string} id */
export function open(id) {
  if (!isDialogOpen()) dialog(id).showModal();
}

/**
 * Open a dialog with a form and wait for its answer.
 * @param {string} id
 * @param {Record<string, string>} [values] what its fields hold at first
 * @returns {Promise<Record<string, string> | null>} its fields by name; null if left
 */
export function ask(id, values = {}) {
  const asked = dialog(id);
  const form = /** @type {HTMLFormElement} */ (asked.querySelector("form"));
  form.reset();
  for (const [name, value] of Object.entries(values)) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = value;
  }
  asked.returnValue = "";
  open(id);
  return new Promise((resolve) => {
    const answer = () => {
      const fields = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
      resolve(asked.returnValue === "do" ? Object.fromEntries(fields) : null);
    };
    asked.addEventListener("close", answer, { once: true });
  });
}

/**
 * Show a picture in full, beside what it is compared with.
 * @param {string | undefined} address none: only what it is compared with
 */
export function view(address) {
  const shown = dialog("viewer");
  const likeness = document.querySelector(".likeness img")?.getAttribute("src");
  setPicture(shown, "picture", address);
  setPicture(shown, "likeness", likeness);
  open("viewer");
}

/**
 * @param {HTMLElement} shown
 * @param {string} name
 * @param {string | null | undefined} address
 */
export function setPicture(shown, name, address) {
  const picture = /** @type {HTMLImageElement} */ (shown.querySelector(`[data-view="${name}"]`));
  picture.hidden = !address;
  if (address) picture.src = address;
  else picture.removeAttribute("src");
}
