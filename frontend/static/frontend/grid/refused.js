// @ts-check
/** The marks that the server refused. They are stored until the judge has seen them. */

import { dialog } from "./dialogs.js";
import * as words from "./words.js";

export class RefusedMarks {
  /**
   * @param {import("./outbox_storage.js").OutboxStorage} storage
   * @param {import("./outbox.js").Outbox} outbox
   */
  constructor(storage, outbox) {
    this.storage = storage;
    this.outbox = outbox;
  }

  /** Show their number in the bar, and list them in the dialog. */
  async show() {
    const marks = await this.storage.refused();
    const counter = /** @type {HTMLElement} */ (document.getElementById("refused-count"));
    counter.hidden = !marks.length;
    counter.textContent = `${marks.length} not saved`;
    dialog("refused")
      .querySelector("ul")
      ?.replaceChildren(...marks.map(line));
  }

  async forget() {
    await this.storage.forgetRefused();
    await this.show();
  }

  /** Send the marks again, in the order in which they were made. */
  async sendAgain() {
    const marks = await this.storage.refused();
    // Add them to the outbox before deleting them here, so that a tab that crashes in between loses nothing.
    await this.outbox.add(...marks.map(({ item }) => item));
    await this.forget();
  }
}

/** @param {import("./outbox_storage.js").Refused} refused */
function line({ item, reason }) {
  const element = document.createElement("li");
  const mark = /** @type {import("./outbox.js").Mark} */ (item);
  const time = new Date(mark.decided_at).toLocaleString();
  element.textContent = `${mark.verdict ?? "undone"}, ${time}: ${words.refusal(reason)}`;
  return element;
}
