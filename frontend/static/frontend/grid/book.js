// @ts-check
/**
 * The pages of this sitting: the one that is shown, the one that was fetched ahead, and
 * those that were handed in, which can be looked at and corrected again.
 */

import { call, fetchPage } from "./api.js";
import { uuid7 } from "./ids.js";
import { dismiss, notice, say } from "./notices.js";
import { isSubmission } from "./outbox.js";
import { prepare } from "./pictures.js";
import { assignmentId, goTo, pageElement, showRefusal, tileById } from "./tiles.js";
import * as words from "./words.js";

const HEARTBEAT = 120_000;
const KEPT = 40; // pages of this sitting whose elements are kept
const LOST =
  "This page went back to the queue, because nothing happened on it for a while. What you marked is kept where it could be.";

/** @param {HTMLElement} element */
const idOf = (element) => Number(element.dataset.assignment ?? 0);

export class Book {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {() => void} painted called in the same frame in which a page is put up
   */
  constructor(outbox, painted) {
    this.outbox = outbox;
    this.painted = painted;
    this.address = document.body.dataset.grid ?? "";
    /** @type {Map<number, HTMLElement>} by assignment, oldest first */
    this.behind = new Map();
    /** @type {HTMLElement | null} the page that follows, its pictures decoded */
    this.ahead = null;
    /** The page to come back to from an earlier one. @type {HTMLElement | null} */
    this.front = null;
    this.isFetching = false;
    this.isWaiting = false;
    this.renewedAt = Date.now();
    setInterval(() => this.renew(), HEARTBEAT / 4);
  }

  /** Whether the page shown is an earlier one, opened from the page that is in front. */
  get isBack() {
    return this.front !== null;
  }

  /** The first page was written by the server. */
  begin() {
    const shown = pageElement();
    if (shown) this.fetchAhead();
    else this.lookAgain();
  }

  // --- Going on ------------------------------------------------------------------

  /**
   * Hand the page in and show the next one at once. The submission travels behind; what
   * the server says of it comes to `answered`.
   */
  async submit() {
    const shown = pageElement();
    if (!shown || this.isWaiting) return;
    if (this.isBack) this.forth();
    else if (shown.hasAttribute("data-submitted")) await this.next();
    else {
      this.outbox.add({ id: uuid7(), assignment: idOf(shown), submit: true });
      await this.leave(shown);
    }
  }

  /**
   * A page is handed in; what follows it is put up.
   * @param {HTMLElement} shown
   */
  async leave(shown) {
    shown.setAttribute("data-submitted", "");
    this.keep(shown);
    const next = this.ahead;
    this.ahead = null;
    if (next && idOf(next)) this.show(next);
    else await this.next();
  }

  /** Show what the server gives next, once everything that waits has reached it. */
  async next() {
    this.isWaiting = true;
    this.showBusy("Next page …");
    await this.outbox.settled();
    if (!this.isWaiting) return; // the page was not taken and has been put back
    if (this.outbox.size) this.stay("The next page comes when your marks are saved.");
    else {
      const { status, element } = await fetchPage(this.address);
      if (element) this.show(element);
      else this.stay(words.unreachable(status));
    }
    this.isWaiting = false;
  }

  /** @param {string} why no page came */
  stay(why) {
    this.showBusy("");
    // It is submitted all the same: pressing Enter again asks for the next one.
    say(why);
  }

  /** @param {HTMLElement} element */
  show(element) {
    document.getElementById("page")?.replaceWith(element);
    document.title = element.dataset.title ?? document.title;
    const place = document.getElementById("page-of");
    if (place) place.textContent = element.dataset.pageOf ?? "";
    this.isWaiting = false;
    this.renewedAt = Date.now();
    dismiss("lost");
    this.showBusy("");
    this.painted();
    window.scrollTo(0, 0);
    if (!idOf(element)) this.lookAgain();
    else if (!this.isBack) requestAnimationFrame(() => setTimeout(() => this.fetchAhead()));
  }

  /** Fetch the page that follows the one in front, and its pictures. */
  async fetchAhead() {
    const front = this.front ?? pageElement();
    // While a page waits to be handed in, the server has given two, which is the most.
    const isFull = [...this.outbox.waiting.values()].some(isSubmission);
    if (this.isFetching || this.ahead || isFull || !front || front.hasAttribute("data-submitted")) return;
    this.isFetching = true;
    const id = idOf(front);
    const { element } = await fetchPage(`${this.address}?after=${id}`);
    if (element && idOf(element) !== id) {
      await prepare(element);
      const isStillNext = id === idOf(this.front ?? pageElement() ?? front);
      if (isStillNext && !this.ahead) this.ahead = element;
    }
    this.isFetching = false;
  }

  /** Where there was nothing to judge, look again when the server says that it may help. */
  lookAgain() {
    const seconds = Number(document.getElementById("page")?.dataset.retry);
    if (!seconds) return;
    setTimeout(async () => {
      if (pageElement()) return;
      const { element } = await fetchPage(this.address);
      if (element) this.show(element);
      else this.lookAgain();
    }, seconds * 1000);
  }

  // --- What the server said of a page that was handed in ------------------------------

  /**
   * @param {number} id
   * @param {import("./outbox.js").Outcome} outcome
   */
  answered(id, outcome) {
    const shown = pageElement();
    if (outcome.status === "refused") this.takeBack(id, outcome.problem);
    // Handed in by an earlier visit, or in another tab.
    else if (shown && id === idOf(shown) && !shown.hasAttribute("data-submitted")) this.leave(shown);
    else if (!this.isWaiting) this.fetchAhead();
  }

  /**
   * The server did not take a page: show it again, and why.
   * @param {number} id
   * @param {{missing?: string[], lost?: string[]} | null} problem
   */
  takeBack(id, problem) {
    const element = this.behind.get(id) ?? (id === assignmentId() ? pageElement() : null);
    if (!element) {
      notice(`page ${id}`, "A page that you handed in was not taken: a picture on it has no verdict.", this.linkTo(id));
      return;
    }
    element.removeAttribute("data-submitted");
    this.behind.delete(id);
    this.putUp(element);
    this.explain(problem);
  }

  /**
   * Show this page in front; the one that was there follows it.
   * @param {HTMLElement} element
   */
  putUp(element) {
    const shown = this.front ?? pageElement();
    this.front = null;
    if (shown && shown !== element) this.ahead = shown;
    if (element !== pageElement()) this.show(element);
    this.isWaiting = false;
    this.showBusy("");
  }

  /** @param {{missing?: string[], lost?: string[]} | null} problem */
  explain(problem) {
    const lost = problem?.lost ?? [];
    for (const each of lost) {
      const tile = tileById(each);
      if (tile) showRefusal(tile, words.refusal("lease-lost"));
    }
    const gaps = (problem?.missing ?? []).filter((each) => !lost.includes(each));
    if (lost.length || !gaps.length) this.lose();
    else {
      goTo(tileById(gaps[0]));
      say(`The page was not taken. ${words.missing(gaps.length)}`);
    }
  }

  // --- Earlier pages ----------------------------------------------------------------

  /** @param {HTMLElement} element */
  keep(element) {
    this.behind.delete(idOf(element));
    this.behind.set(idOf(element), element);
    for (const id of this.behind.keys()) {
      if (this.behind.size <= KEPT) break;
      this.behind.delete(id);
    }
  }

  /**
   * Show any page of this batch; `forth` comes back.
   * @param {number} id
   * @returns {Promise<boolean>} whether it is shown now
   */
  async turnTo(id) {
    if (id === assignmentId()) return true;
    if (this.front && id === idOf(this.front)) {
      this.forth();
      return true;
    }
    const element = this.behind.get(id) ?? (await fetchPage(this.addressOf(id))).element;
    if (!element || !idOf(element)) return false;
    this.front ??= /** @type {HTMLElement | null} */ (document.getElementById("page"));
    this.keep(element);
    this.show(element);
    return true;
  }

  /** Back from an earlier page to the one in front. */
  forth() {
    const { front } = this;
    this.front = null;
    if (front) this.show(front);
  }

  /** @param {number} id */
  addressOf(id) {
    return `${document.body.dataset.pages}${id}/`;
  }

  /** @param {number} id */
  linkTo(id) {
    const link = document.createElement("a");
    link.className = "button";
    link.href = this.addressOf(id);
    link.textContent = "Open it";
    return link;
  }

  // --- The lease ----------------------------------------------------------------------

  /** Renew the lease while somebody looks at the page; marks renew it as well. */
  async renew() {
    const front = this.front ?? pageElement();
    const id = front ? idOf(front) : 0;
    if (!id || front?.hasAttribute("data-submitted") || document.hidden) return;
    if (Date.now() - this.renewedAt < HEARTBEAT) return;
    this.renewedAt = Date.now();
    const answer = await call("POST", `assignments/${id}/renew/`);
    if (answer.status === 409 && id === assignmentId()) this.lose();
  }

  /** The page is no longer ours: say so, and offer the next one. */
  lose() {
    this.ahead = null;
    const onward = document.createElement("button");
    onward.type = "button";
    onward.className = "primary";
    onward.dataset.act = "next";
    onward.textContent = "Next page";
    notice("lost", LOST, onward);
  }

  /** @param {string} text empty when nothing is going on */
  showBusy(text) {
    const place = document.querySelector("[data-submit-text]");
    if (place) place.textContent = text || (this.isBack ? "Back to your page" : "Submit");
    pageElement()?.toggleAttribute("data-busy", Boolean(text));
  }
}

