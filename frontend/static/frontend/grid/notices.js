// @ts-check
/** Tells the judge: in passing, for good, and how saving goes. */

import * as words from "./words.js";

/** Shorter than this, saving is not worth a word. */
const NOTICEABLE = 1200;

/**
 * Say something that need not stay; screen readers read it.
 * @param {string} sentence
 */
export function say(sentence) {
  const place = document.getElementById("said");
  if (!place) return;
  place.textContent = sentence;
  place.classList.remove("hidden");
  clearTimeout(Number(place.dataset.timer));
  place.dataset.timer = String(setTimeout(() => place.classList.add("hidden"), 4000));
}

/**
 * Say to screen readers what everybody else sees anyway.
 * @param {string} sentence
 */
export function whisper(sentence) {
  const place = document.getElementById("said");
  place?.classList.add("hidden");
  if (place) place.textContent = sentence;
}

/**
 * Show something that stays until it is closed. The same name is shown once.
 * @param {string} name
 * @param {string} sentence
 * @param {HTMLElement} [way] a button or link that leads on
 */
export function notice(name, sentence, way) {
  const place = document.getElementById("notices");
  if (!place) return;
  dismiss(name);
  const line = document.createElement("div");
  line.className = "note error";
  line.dataset.notice = name;
  const text = document.createElement("span");
  text.textContent = sentence;
  line.append(text, ...(way ? [way] : []), button("Close", { act: "dismiss" }));
  place.append(line);
}

/** @param {string} name */
export function dismiss(name) {
  document.querySelector(`#notices [data-notice="${CSS.escape(name)}"]`)?.remove();
}

/**
 * @param {string} text
 * @param {Record<string, string>} data
 */
export function button(text, data) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  Object.assign(made.dataset, data);
  return made;
}

let timer = 0;

/**
 * Say how saving goes. A save that takes no time is not announced, so that screen
 * readers are not interrupted by every mark.
 * @param {import("./outbox.js").State} state
 * @param {number} waiting
 */
export function showSaving(state, waiting) {
  const place = document.getElementById("saving");
  if (!place) return;
  place.dataset.state = state;
  clearTimeout(timer);
  if (state === "saving") timer = window.setTimeout(() => setText(place, words.saving(state, waiting)), NOTICEABLE);
  else setText(place, words.saving(state, waiting));
  if (state === "signed-out") {
    const isShown = document.querySelector('#notices [data-notice="signed-out"]');
    const way = button("Sign in", { opens: "sign-in" });
    if (!isShown) notice("signed-out", "You are signed out. Your marks are kept here; sign in again to send them.", way);
  } else if (state !== "saving") dismiss("signed-out");
}

/**
 * @param {HTMLElement} place
 * @param {string} text
 */
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
