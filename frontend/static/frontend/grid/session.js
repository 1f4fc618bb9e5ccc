// @ts-check
/** Signing in again where one is, with every mark kept. */

import { isStillMe, signIn } from "./api.js";
import { dialog } from "./dialogs.js";
import * as words from "./words.js";

/** @param {() => void} back called when the person of this page is signed in again */
export function watchSignIn(back) {
  const form = /** @type {HTMLFormElement} */ (dialog("sign-in").querySelector("form"));
  form.addEventListener("submit", async (event) => {
    if (event.submitter instanceof HTMLButtonElement && event.submitter.formNoValidate) return;
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
    const why = await tryPassword(field.value);
    field.value = "";
    tell(why);
    if (why) field.focus();
    else {
      dialog("sign-in").close();
      back();
    }
  });
}

/**
 * @param {string} password
 * @returns {Promise<string>} why it failed, empty where it did not
 */
async function tryPassword(password) {
  const outcome = await signIn(document.body.dataset.username ?? "", password);
  if (outcome !== "signed-in") return words.SIGN_IN[outcome];
  return (await isStillMe()) ? "" : words.SIGN_IN["somebody else"];
}

/** @param {string} sentence */
function tell(sentence) {
  const place = /** @type {HTMLElement} */ (dialog("sign-in").querySelector("[data-sign-in-said]"));
  place.textContent = sentence;
  place.hidden = !sentence;
}
