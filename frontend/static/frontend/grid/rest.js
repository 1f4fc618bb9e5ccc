// @ts-check
/** "The rest is …" (fill): shown on the tiles first, and done when it is confirmed. */

import { restOf } from "./marking.js";
import { announce, announceToScreenReaders } from "./notices.js";
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

  /** Start with a new page. Broken files are proposed as broken. */
  begin() {
    this.close();
  }

  proposeBroken() {
    const verdicts = restOf("");
    for (const tile of tiles()) propose(tile, verdicts.get(tile) ?? "");
  }

  /** @param {string} verdict empty for broken files only */
  preview(verdict) {
    this.verdicts = restOf(verdict);
    if (!this.isOpen) {
      announce(unmarked().length ? "You have not seen the other pictures yet." : "Every picture has a verdict.");
      return;
    }
    for (const tile of tiles()) propose(tile, this.verdicts.get(tile) ?? "");
    this.show(this.question(verdict));
  }

  /** @param {string} verdict */
  question(verdict) {
    const brokenCount = [...this.verdicts.values()].filter((value) => value === "broken").length;
    const otherCount = this.verdicts.size - brokenCount;
    const parts = [
      otherCount && `${words.pictures(otherCount)} as ${verdict}`,
      brokenCount && `${words.brokenFiles(brokenCount)} as broken`,
    ];
    const unseenCount = unmarked().length - this.verdicts.size;
    const unseen = unseenCount ? ` ${words.pictures(unseenCount)} not seen yet will stay unmarked.` : "";
    return `Mark ${parts.filter(Boolean).join(" and ")}?${unseen}`;
  }

  confirm() {
    const { verdicts } = this;
    this.close();
    this.marking.fill(verdicts);
    announce(`${words.pictures(verdicts.size)} marked.`);
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
    if (text) announceToScreenReaders(text);
  }
}
