// @ts-check
/** The dialogs of the page: guidelines, keys, skip, full picture. */

/**
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
const dialog = (id) => /** @type {HTMLDialogElement} */ (document.getElementById(id));

/** Whether a dialog is open, which then has the keys to itself. */
export const isDialogOpen = () => Boolean(document.querySelector("dialog[open]"));

/** @param {string} id */
export function open(id) {
  if (!isDialogOpen()) dialog(id).showModal();
}

/**
 * Ask whether to skip, and why.
 * @returns {Promise<string | null>} the reason, perhaps empty; null if not
 */
export function askToSkip() {
  const asked = dialog("skip");
  const field = /** @type {HTMLInputElement} */ (asked.querySelector("#skip-reason"));
  field.value = "";
  asked.returnValue = "";
  open("skip");
  field.focus();
  return new Promise((resolve) => {
    asked.addEventListener("close", () => resolve(asked.returnValue === "skip" ? field.value.trim() : null), { once: true });
  });
}

/**
 * Show a picture in full, beside what it is compared with.
 * @param {string} address
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
function setPicture(shown, name, address) {
  const picture = /** @type {HTMLImageElement} */ (shown.querySelector(`[data-view="${name}"]`));
  picture.hidden = !address;
  if (address) picture.src = address;
  else picture.removeAttribute("src");
}

const LETTERS_OFF = "labeler.letters-off";

/** Whether letters and digits are keys; who dictates or uses switches may not want it. */
export function areLettersKeys() {
  return readSetting() === null;
}

/** Let the box in the key list decide whether letters are keys. */
export function watchSetting() {
  const box = /** @type {HTMLInputElement} */ (document.getElementById("letter-keys"));
  box.checked = areLettersKeys();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(LETTERS_OFF);
      else localStorage.setItem(LETTERS_OFF, "1");
    } catch {
      box.checked = true;
    }
  });
}

function readSetting() {
  try {
    return localStorage.getItem(LETTERS_OFF);
  } catch {
    return null;
  }
}
