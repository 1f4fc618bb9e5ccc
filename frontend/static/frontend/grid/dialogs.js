// @ts-check
/** The dialogs of the page. */

/**
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
export const dialog = (id) => /** @type {HTMLDialogElement} */ (document.getElementById(id));

/** Whether a dialog is open. It then gets all keys. */
export const isDialogOpen = () => Boolean(document.querySelector("dialog[open]"));

/** @param {string} id */
export function open(id) {
  if (!isDialogOpen()) dialog(id).showModal();
}

/**
 * Open a dialog with a form and wait until it is closed.
 * @param {string} id
 * @param {Record<string, string>} [values] the initial values of fields, by name
 * @returns {Promise<Record<string, string> | null>} the fields by name, or null if the dialog was cancelled
 */
export function ask(id, values = {}) {
  const element = dialog(id);
  const form = /** @type {HTMLFormElement} */ (element.querySelector("form"));
  form.reset();
  for (const [name, value] of Object.entries(values)) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = value;
  }
  element.returnValue = "";
  open(id);
  return new Promise((resolve) => {
    const onClose = () => {
      const fields = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
      resolve(element.returnValue === "do" ? Object.fromEntries(fields) : null);
    };
    element.addEventListener("close", onClose, { once: true });
  });
}

/**
 * Show a full picture beside the picture of the entity.
 * @param {string | undefined} address if undefined, show only the picture of the entity
 */
export function view(address) {
  const viewer = dialog("viewer");
  const likeness = document.querySelector(".likeness img")?.getAttribute("src");
  setPicture(viewer, "picture", address);
  setPicture(viewer, "likeness", likeness);
  open("viewer");
}

/**
 * @param {HTMLElement} parent
 * @param {string} name
 * @param {string | null | undefined} address
 */
export function setPicture(parent, name, address) {
  const picture = /** @type {HTMLImageElement} */ (parent.querySelector(`[data-view="${name}"]`));
  picture.hidden = !address;
  if (address) picture.src = address;
  else picture.removeAttribute("src");
}
