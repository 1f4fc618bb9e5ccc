// @ts-check
/** "The rest is …": shown on the tiles first, done only when it is confirmed. */

import { restOf } from "./marking.js";
import { say, whisper } from "./notices.js";
import { goTo, propose, tiles, unmarked } from "./tiles.js";
import * as words from "./words.js";

export class Rest {
  /** @param {import("./marking.js").Marking} marking */
  constructor(marking) {
    this.marking = marking;
    /** @type {Map<HTMLElement, string>} */
    this.verdicts = new Map();
  }

  get isOpen() {
    return this.verdicts.size > 0;
  }

  /** Pictures that cannot be shown wait at the end, proposed as broken. */
  begin() {
    this.verdicts = new Map();
    this.show("");
    this.proposeBroken();
  }

  proposeBroken() {
    const proposed = restOf("");
    for (const tile of tiles()) propose(tile, proposed.get(tile) ?? "");
  }

  /** @param {string} verdict empty: only what is proposed by itself */
  preview(verdict) {
    this.verdicts = restOf(verdict);
    if (!this.isOpen) {
      say(unmarked().length ? "The other pictures have not been seen yet." : "Every picture has a verdict.");
      return;
    }
    for (const tile of tiles()) propose(tile, this.verdicts.get(tile) ?? "");
    this.show(this.sentence(verdict));
  }

  /** @param {string} verdict */
  sentence(verdict) {
    const broken = [...this.verdicts.values()].filter((each) => each === "broken").length;
    const others = this.verdicts.size - broken;
    const parts = [others && `${words.pictures(others)} as ${verdict}`, broken && `${words.pictures(broken)} that cannot be shown as broken`];
    const unseen = unmarked().length - this.verdicts.size;
    const left = unseen ? ` ${words.pictures(unseen)} not seen yet will be left.` : "";
    return `Mark ${parts.filter(Boolean).join(" and ")}?${left}`;
  }

  confirm() {
    const { verdicts } = this;
    this.close();
    this.marking.fill(verdicts);
    say(`${words.pictures(verdicts.size)} marked.`);
    goTo(unmarked()[0] ?? tiles()[0]);
  }

  close() {
    this.verdicts = new Map();
    this.proposeBroken();
    this.show("");
  }

  /** @param {string} text empty hides the question */
  show(text) {
    const panel = /** @type {HTMLElement | null} */ (document.querySelector(".preview"));
    if (!panel) return;
    panel.hidden = !text;
    panel.parentElement?.toggleAttribute("data-asks", Boolean(text));
    /** @type {HTMLElement} */ (panel.querySelector("[data-preview-text]")).textContent = text;
    if (text) whisper(text);
  }
}
