// @ts-check
/** "Mark the rest": shown on the tiles first, done only when it is confirmed. */

import { restOf } from "./marking.js";
import { say, whisper } from "./notices.js";
import { goTo, tiles, unmarked } from "./tiles.js";
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

  /** @param {string} verdict */
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
    const unseen = unmarked().length - this.verdicts.size;
    const left = unseen ? ` ${words.pictures(unseen)} not seen yet will be left.` : "";
    return `Mark ${words.pictures(this.verdicts.size)} as ${verdict}?${left} 1 or 2 changes it.`;
  }

  confirm() {
    this.marking.fill(this.verdicts);
    const count = this.verdicts.size;
    this.close();
    say(`${words.pictures(count)} marked.`);
    goTo(unmarked()[0] ?? tiles()[0]);
  }

  close() {
    this.verdicts = new Map();
    for (const tile of tiles()) propose(tile, "");
    this.show("");
  }

  /** @param {string} text empty hides the question */
  show(text) {
    const panel = /** @type {HTMLElement | null} */ (document.querySelector(".preview"));
    if (!panel) return;
    panel.hidden = !text;
    /** @type {HTMLElement} */ (panel.querySelector("[data-preview-text]")).textContent = text;
    if (text) whisper(text);
  }
}

/**
 * Show on a tile what it would be marked as; it is not marked by that.
 * @param {HTMLElement} tile
 * @param {string} verdict empty for none
 */
function propose(tile, verdict) {
  tile.dataset.proposed = verdict;
  tile.querySelector(".sign use")?.setAttribute("href", `#sign-${verdict || tile.dataset.verdict}`);
}
