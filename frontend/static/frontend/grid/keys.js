// @ts-check
/** The list of keys: shows them, lets each be changed, and switches them off. */

import { read, write } from "../settings.js";
import { dialog, open } from "./dialogs.js";
import { Keymap } from "./keymap.js";

export class Keys {
  constructor() {
    this.map = new Keymap(read("keys"));
    /** The act that waits for its new key. @type {string | null} */
    this.changing = null;
    this.show();
    this.watch();
  }

  /** Whether letters, digits and signs are keys at all; who dictates may not want it. */
  get areOn() {
    return read("letters-off") === null;
  }

  /**
   * The act that a key means now, if any.
   * @param {string} key
   */
  actOf(key) {
    if (this.map.actOf(key) === "keys") return "keys"; // or there would be no way back
    return this.areOn ? this.map.actOf(key) : undefined;
  }

  open() {
    open("keys");
  }

  /** Write the keys into the list and on the buttons. */
  show() {
    for (const place of document.querySelectorAll("[data-keys]")) {
      const keys = this.map.keys[/** @type {HTMLElement} */ (place).dataset.keys ?? ""] ?? [];
      const isList = Boolean(place.closest("#keys"));
      place.replaceChildren(...(isList ? keys : keys.slice(0, 1)).map(kbd));
    }
  }

  watch() {
    const list = dialog("keys");
    const box = /** @type {HTMLInputElement} */ (document.getElementById("letter-keys"));
    box.checked = this.areOn;
    box.addEventListener("change", () => write("letters-off", box.checked ? null : "1"));
    list.addEventListener("click", (event) => this.onClick(/** @type {HTMLElement} */ (event.target)));
    // Before anything else hears the key.
    list.addEventListener("keydown", (event) => this.onKey(event), true);
    list.addEventListener("close", () => this.wait(null));
  }

  /** @param {HTMLElement} target */
  onClick(target) {
    const change = /** @type {HTMLElement | null} */ (target.closest("[data-change]"));
    if (change) this.wait(change.dataset.change ?? null);
    if (target.closest("[data-reset-keys]")) {
      this.map.reset();
      this.save("The keys are as they were at first.");
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.changing || event.isComposing || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return this.wait(null);
    const why = this.map.set(this.changing, event.key);
    if (why) this.tell(why);
    else this.save(`“${event.key}” is the new key.`);
  }

  /** @param {string | null} act */
  wait(act) {
    this.changing = act;
    this.tell(act ? "Press the new key, or Esc." : "");
    for (const button of document.querySelectorAll("[data-change]")) {
      button.toggleAttribute("data-waiting", /** @type {HTMLElement} */ (button).dataset.change === act);
    }
  }

  /** @param {string} sentence */
  save(sentence) {
    write("keys", this.map.stored());
    this.show();
    this.wait(null);
    this.tell(sentence);
  }

  /** @param {string} sentence */
  tell(sentence) {
    const place = document.querySelector("[data-keys-said]");
    if (place) place.textContent = sentence;
  }
}

/** @param {string} key */
function kbd(key) {
  const made = document.createElement("kbd");
  made.textContent = key;
  return made;
}

