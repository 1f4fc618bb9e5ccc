// @ts-check
/** Keeps the page's lease alive, hands the page in and fetches the next one. */

import { call, trouble } from "./api.js";
import { dismiss, notice, say } from "./notices.js";
import { assignmentId, goTo, pageElement, showRefusal, tileById, unmarked } from "./tiles.js";
import * as words from "./words.js";

const HEARTBEAT = 120_000;
const LOST = "This page went back to the queue, because nothing happened on it for a while. What you marked is kept where it could be.";

export class Pages {
  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    this.outbox = outbox;
    this.isSubmitting = false;
    this.renewedAt = Date.now();
    setInterval(() => this.renew(), HEARTBEAT / 4);
  }

  /** A page has been painted. */
  begin() {
    this.isSubmitting = false;
    this.renewedAt = Date.now();
    dismiss("lost");
    this.showBusy("");
  }

  /** Renew the lease while somebody looks at the page. */
  async renew() {
    const assignment = assignmentId();
    if (!assignment || document.hidden || Date.now() - this.renewedAt < HEARTBEAT) return;
    this.renewedAt = Date.now();
    const answer = await call("POST", `assignments/${assignment}/renew/`);
    if (answer.status === 409 && assignment === assignmentId()) this.lose();
  }

  /** The page is no longer ours: say so, and offer the next one. */
  lose() {
    const onward = document.createElement("button");
    onward.type = "button";
    onward.className = "primary";
    onward.dataset.act = "next";
    onward.textContent = "Next page";
    notice("lost", LOST, onward);
  }

  /** Hand the page in, once every mark on it is with the server. */
  async submit() {
    if (this.isSubmitting || !pageElement()) return;
    const open = unmarked();
    if (open.length) {
      goTo(open[0]);
      say(words.missing(open.length));
      return;
    }
    this.isSubmitting = true;
    this.showBusy("Submitting …");
    if ((await this.isSaved()) && (await this.isAccepted())) this.next();
    else this.stay();
  }

  async isSaved() {
    await this.outbox.settled();
    if (this.outbox.size) say("Not submitted: not every mark is saved yet.");
    return !this.outbox.size && !unmarked().length;
  }

  async isAccepted() {
    const answer = await call("POST", `assignments/${assignmentId()}/submit/`);
    if (answer.status === 200) return true;
    if (answer.status === 409) this.explain(answer.body);
    else if (trouble(answer)) say("Not submitted: the server cannot be reached. Press Enter to try again.");
    else this.lose();
    return false;
  }

  /**
   * The server misses verdicts: show where, or that the page is lost.
   * @param {{missing?: string[], lost?: string[]} | null} problem
   */
  explain(problem) {
    const lost = problem?.lost ?? [];
    for (const id of lost) {
      const tile = tileById(id);
      if (tile) showRefusal(tile, words.refusal("lease-lost"));
    }
    const gaps = (problem?.missing ?? []).filter((id) => !lost.includes(id));
    if (lost.length || !gaps.length) this.lose();
    else {
      goTo(tileById(gaps[0]));
      say(words.missing(gaps.length));
    }
  }

  /** Put the next page, or the reason why there is none, in this one's place. */
  next() {
    this.showBusy("Next page …");
    document.getElementById("submit")?.dispatchEvent(new CustomEvent("submitted"));
  }

  /** The next page could not be fetched; this one stays on the screen. */
  stay() {
    this.isSubmitting = false;
    this.showBusy("");
  }

  /** @param {string} text empty when nothing is going on */
  showBusy(text) {
    const place = document.querySelector("[data-submit-text]");
    if (place) place.textContent = text || "Submit";
    pageElement()?.toggleAttribute("data-busy", Boolean(text));
  }
}
