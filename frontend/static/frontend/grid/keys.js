// @ts-check
/** The list of keys: shows them, changes them, and turns them off. */

import { read, write } from "../settings.js";
import { dialog, open } from "./dialogs.js";
import { Keymap } from "./keymap.js";

export class Keys {
  constructor() {
    this.map = new Keymap(read("keys"));
    /** The action that waits for its new key. @type {string | null} */
    this.changing = null;
    this.show();
    this.watch();
  }

  /** Whether letters, digits and signs work as keys. People who dictate can turn them off. */
  get areOn() {
    return read("letters-off") === null;
  }

  /**
   * Return the current action of a key, if any.
   * @param {string} key
   */
  actionOf(key) {
    if (this.map.actionOf(key) === "keys") return "keys"; // else the list could not be opened to turn keys on again
    return this.areOn ? this.map.actionOf(key) : undefined;
  }

  open() {
    open("keys");
  }

  /** Show the keys in the list and on the buttons. */
  show() {
    for (const element of document.querySelectorAll("[data-keys]")) {
      const keys = this.map.keys[/** @type {HTMLElement} */ (element).dataset.keys ?? ""] ?? [];
      const isInList = Boolean(element.closest("#keys"));
      element.replaceChildren(...(isInList ? keys : keys.slice(0, 1)).map(keyElement));
    }
  }

  watch() {
    const list = dialog("keys");
    const box = /** @type {HTMLInputElement} */ (document.getElementById("letter-keys"));
    box.checked = this.areOn;
    box.addEventListener("change", () => write("letters-off", box.checked ? null : "1"));
    list.addEventListener("click", (event) => this.onClick(/** @type {HTMLElement} */ (event.target)));
    // In the capture phase, before other listeners get the key.
    list.addEventListener("keydown", (event) => this.onKey(event), true);
    list.addEventListener("close", () => this.waitFor(null));
  }

  /** @param {HTMLElement} target */
  onClick(target) {
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-change]"));
    if (button) this.waitFor(button.dataset.change ?? null);
    if (target.closest("[data-reset-keys]")) {
      this.map.reset();
      this.save("All keys are reset.");
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.changing || event.isComposing || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") {
      this.waitFor(null);
      return;
    }
    const problem = this.map.set(this.changing, event.key);
    if (problem) this.showMessage(problem);
    else this.save(`“${event.key}” is the new key.`);
  }

  /** @param {string | null} action */
  waitFor(action) {
    this.changing = action;
    this.showMessage(action ? "Press the new key, or Esc." : "");
    for (const button of document.querySelectorAll("[data-change]")) {
      button.toggleAttribute("data-waiting", /** @type {HTMLElement} */ (button).dataset.change === action);
    }
  }

  /** @param {string} sentence */
  save(sentence) {
    write("keys", this.map.serialize());
    this.show();
    this.waitFor(null);
    this.showMessage(sentence);
  }

  /** @param {string} sentence */
  showMessage(sentence) {
    const line = document.querySelector("[data-keys-said]");
    if (line) line.textContent = sentence;
  }
}

/** @param {string} key */
function keyElement(key) {
  const element = document.createElement("kbd");
  element.textContent = key;
  return element;
}
