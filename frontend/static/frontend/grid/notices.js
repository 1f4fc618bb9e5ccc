// @ts-check
/** Messages to the judge: short announcements, notices that stay, and the state of saving. */

import * as words from "./words.js";

/** Milliseconds. Faster saves are not announced. */
const NOTICEABLE = 1200;

/**
 * Show a message for a few seconds. Screen readers read it.
 * @param {string} sentence
 */
export function announce(sentence) {
  const line = document.getElementById("said");
  if (!line) return;
  line.textContent = sentence;
  line.classList.remove("hidden");
  clearTimeout(Number(line.dataset.timer));
  line.dataset.timer = String(setTimeout(() => line.classList.add("hidden"), 4000));
}

/**
 * Tell screen readers about a change that is visible on the page.
 * @param {string} sentence
 */
export function announceToScreenReaders(sentence) {
  const line = document.getElementById("said");
  line?.classList.add("hidden");
  if (line) line.textContent = sentence;
}

/**
 * Show a notice that stays until it is closed. A notice of the same name is replaced.
 * @param {string} name
 * @param {string} sentence
 * @param {HTMLElement} [action] a button or link
 */
export function notice(name, sentence, action) {
  const list = document.getElementById("notices");
  if (!list) return;
  dismiss(name);
  const line = document.createElement("div");
  line.className = "note error";
  line.dataset.notice = name;
  const text = document.createElement("span");
  text.textContent = sentence;
  line.append(text, ...(action ? [action] : []), button("Close", { act: "dismiss" }));
  list.append(line);
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
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  Object.assign(element.dataset, data);
  return element;
}

let timer = 0;

/**
 * Show the state of saving. Fast saves are not announced, so that screen readers are not interrupted by every mark.
 * @param {import("./outbox.js").State} state
 * @param {number} waitingCount
 */
export function showSaving(state, waitingCount) {
  const line = document.getElementById("saving");
  if (!line) return;
  line.dataset.state = state;
  clearTimeout(timer);
  const text = words.saving(state, waitingCount);
  if (state === "saving") timer = window.setTimeout(() => setText(line, text), NOTICEABLE);
  else setText(line, text);
  if (state === "signed-out") {
    const isShown = document.querySelector('#notices [data-notice="signed-out"]');
    if (!isShown) notice("signed-out", words.SIGNED_OUT, button("Sign in", { opens: "sign-in" }));
  } else if (state !== "saving") dismiss("signed-out");
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
