// @ts-check
/** Tells the judge: in passing, for good, and how saving goes. */

import * as words from "./words.js";

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
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.act = "dismiss";
  close.textContent = "Close";
  line.append(text, ...(way ? [way] : []), close);
  place.append(line);
}

/** @param {string} name */
export function dismiss(name) {
  document.querySelector(`#notices [data-notice="${CSS.escape(name)}"]`)?.remove();
}

/**
 * @param {import("./outbox.js").State} state
 * @param {number} waiting
 */
export function showSaving(state, waiting) {
  const place = document.getElementById("saving");
  if (!place) return;
  const text = words.saving(state, waiting);
  place.dataset.state = state;
  if (place.textContent !== text) place.textContent = text;
  if (state === "signed-out") notice("signed-out", "You are signed out. Your marks are kept here; sign in again to send them.", signInLink());
  else dismiss("signed-out");
}

function signInLink() {
  const link = document.createElement("a");
  link.href = location.href;
  link.className = "button";
  link.textContent = "Sign in";
  return link;
}
