// @ts-check
/** Signing in again without leaving the page and without losing a mark. */

import { isSamePerson, signIn } from "./api.js";
import { dialog } from "./dialogs.js";
import * as words from "./words.js";

/** @param {() => void} onBack called when the person of this page is signed in again */
export function watchSignIn(onBack) {
  const form = /** @type {HTMLFormElement} */ (dialog("sign-in").querySelector("form"));
  form.addEventListener("submit", async (event) => {
    if (event.submitter instanceof HTMLButtonElement && event.submitter.formNoValidate) return;
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
    const problem = await tryPassword(field.value);
    field.value = "";
    show(problem);
    if (problem) field.focus();
    else {
      dialog("sign-in").close();
      onBack();
    }
  });
}

/**
 * @param {string} password
 * @returns {Promise<string>} the problem, or an empty string
 */
async function tryPassword(password) {
  const outcome = await signIn(document.body.dataset.username ?? "", password);
  if (outcome !== "signed-in") return words.SIGN_IN[outcome];
  return (await isSamePerson()) ? "" : words.SIGN_IN["another-person"];
}

/** @param {string} sentence */
function show(sentence) {
  const line = /** @type {HTMLElement} */ (dialog("sign-in").querySelector("[data-sign-in-said]"));
  line.textContent = sentence;
  line.hidden = !sentence;
}
