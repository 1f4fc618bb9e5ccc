// @ts-check
/**
 * The settings of this browser's user. They are stored in the browser. The theme and the background are cookies,
 * so that the server writes them into the page and the colours do not flash.
 */

const YEAR = 365 * 24 * 3600;
const PREFIX = "labeler.";

/** @typedef {"localStorage" | "sessionStorage"} Store permanent, or for the lifetime of the tab */

/**
 * @param {string} name
 * @param {Store} [store]
 */
export function read(name, store = "localStorage") {
  try {
    return globalThis[store].getItem(PREFIX + name);
  } catch {
    return null; // the browser forbids storage
  }
}

/**
 * @param {string} name
 * @param {string | null} value null deletes the setting
 * @param {Store} [store]
 */
export function write(name, value, store = "localStorage") {
  try {
    if (value === null) globalThis[store].removeItem(PREFIX + name);
    else globalThis[store].setItem(PREFIX + name, value);
  } catch {
    // Without storage, the setting holds until the page is left.
  }
}

/**
 * Connect the fields of the Appearance dialog to the settings.
 * @param {() => void} [onChange] called after each change
 */
export function bindAppearance(onChange = () => {}) {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#look form"));
  if (!form) return;
  for (const field of form.querySelectorAll("select, input")) {
    const control = /** @type {HTMLInputElement} */ (field);
    control.value = storedValue(control.name) ?? control.value;
    control.addEventListener("input", () => {
      store(control.name, control.value);
      onChange();
    });
  }
  document.querySelector('[data-opens="look"]')?.addEventListener("click", (event) => {
    /** @type {HTMLElement} */ (event.target).closest("details")?.removeAttribute("open");
    /** @type {HTMLDialogElement} */ (document.getElementById("look")).showModal();
  });
}

/** @param {string} name */
const isCookie = (name) => name === "theme" || name === "surround";

/** @param {string} name */
function storedValue(name) {
  return isCookie(name) ? (document.documentElement.dataset[name] ?? "") : read(name);
}

/**
 * @param {string} name
 * @param {string} value
 */
function store(name, value) {
  if (isCookie(name)) storeCookie(name, value);
  else write(name, value);
}

/**
 * @param {string} name
 * @param {string} value empty for the system's
 */
function storeCookie(name, value) {
  const age = value ? YEAR : 0;
  document.cookie = `labeler_${name}=${value};path=/;max-age=${age};samesite=lax`;
  if (value) document.documentElement.dataset[name] = value;
  else delete document.documentElement.dataset[name];
}
