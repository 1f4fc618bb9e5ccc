// @ts-check
/** What the server refused stays until the judge has seen it. */

import { dialog } from "./dialogs.js";
import * as words from "./words.js";

export class RefusedMarks {
  /**
   * @param {import("./shelf.js").Shelf} shelf
   * @param {import("./outbox.js").Outbox} outbox
   */
  constructor(shelf, outbox) {
    this.shelf = shelf;
    this.outbox = outbox;
  }

  /** Say in the bar how many there are, and list them in the dialog. */
  async show() {
    const all = await this.shelf.refused();
    const sign = /** @type {HTMLElement} */ (document.getElementById("refused-count"));
    sign.hidden = !all.length;
    sign.textContent = `${all.length} refused`;
    dialog("refused").querySelector("ul")?.replaceChildren(...all.map(line));
  }

  async forget() {
    await this.shelf.forgetRefused();
    await this.show();
  }

  /** Put them back on their way, in the order in which they were made. */
  async sendAgain() {
    const all = await this.shelf.refused();
    // First on the way, then no longer refused: a tab that dies in between loses nothing.
    await this.outbox.add(...all.map(({ entry }) => entry));
    await this.forget();
  }
}

/** @param {import("./shelf.js").Refused} refused */
function line({ entry, reason }) {
  const made = document.createElement("li");
  const mark = /** @type {import("./outbox.js").Mark} */ (entry);
  const when = new Date(mark.decided_at).toLocaleString();
  made.textContent = `${mark.verdict ?? "taken back"}, ${when}: ${words.refusal(reason)}`;
  return made;
}
