// @ts-check
/**
 * How this browser's user wants the pages: kept in the browser. Theme and background lie
 * in cookies, so that the server writes them into the page and nothing flashes.
 */

const YEAR = 365 * 24 * 3600;
const PREFIX = "labeler.";

/** @typedef {"localStorage" | "sessionStorage"} Store for good, or while the tab lives */

/**
 * @param {string} name
 * @param {Store} [store]
 */
export function read(name, store = "localStorage") {
  try {
    return globalThis[store].getItem(PREFIX + name);
  } catch {
    return null; // the browser keeps nothing for us
  }
}

/**
 * @param {string} name
 * @param {string | null} value null forgets it
 * @param {Store} [store]
 */
export function write(name, value, store = "localStorage") {
  try {
    if (value === null) globalThis[store].removeItem(PREFIX + name);
    else globalThis[store].setItem(PREFIX + name, value);
  } catch {
    // It holds until the page is left.
  }
}

/**
 * @param {"theme" | "surround"} name
 * @param {string} value empty for the system's
 */
function wear(name, value) {
  const age = value ? YEAR : 0;
  document.cookie = `labeler_${name}=${value};path=/;max-age=${age};samesite=lax`;
  if (value) document.documentElement.dataset[name] = value;
  else delete document.documentElement.dataset[name];
}

/**
 * Let the fields of the "look" dialog show and change the settings.
 * @param {() => void} [changed] called after each change
 */
export function watchLook(changed = () => {}) {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#look form"));
  if (!form) return;
  for (const field of form.querySelectorAll("select, input")) {
    const control = /** @type {HTMLInputElement} */ (field);
    control.value = valueOf(control) ?? control.value;
    control.addEventListener("input", () => {
      take(control);
      changed();
    });
  }
  document.querySelector('[data-opens="look"]')?.addEventListener("click", (event) => {
    /** @type {HTMLElement} */ (event.target).closest("details")?.removeAttribute("open");
    /** @type {HTMLDialogElement} */ (document.getElementById("look")).showModal();
  });
}

/** @param {HTMLInputElement} control */
function valueOf({ name }) {
  if (name === "theme" || name === "surround") return document.documentElement.dataset[name] ?? "";
  return read(name);
}

/** @param {HTMLInputElement} control */
function take({ name, value }) {
  if (name === "theme" || name === "surround") wear(name, value);
  else write(name, value);
}
