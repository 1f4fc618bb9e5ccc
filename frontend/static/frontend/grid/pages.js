// @ts-check
/** The pages of this session: the current one, the prefetched one, and the submitted ones for corrections. */

import { call, fetchPage, leasePage } from "./api.js";
import { uuid7 } from "./ids.js";
import { announce, dismiss, notice } from "./notices.js";
import { isSubmission } from "./outbox.js";
import { prepare } from "./pictures.js";
import { assignmentId, goTo, pageElement, showRefusal, tileById } from "./tiles.js";
import * as words from "./words.js";

const HEARTBEAT = 120_000;
const KEPT_PAGES = 40; // pages of this session whose elements stay in memory

/** @param {HTMLElement} element */
const idOf = (element) => Number(element.dataset.assignment ?? 0);

export class Pages {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {() => void} onShow called in the same frame in which a page is shown
   */
  constructor(outbox, onShow) {
    this.outbox = outbox;
    this.onShow = onShow;
    this.address = document.body.dataset.grid ?? "";
    /** Submitted pages by assignment, oldest first. @type {Map<number, HTMLElement>} */
    this.submitted = new Map();
    /** The next page, its pictures decoded. @type {HTMLElement | null} */
    this.ahead = null;
    /** The page to return to from an earlier one. @type {HTMLElement | null} */
    this.front = null;
    this.isFetching = false;
    this.isWaiting = false;
    this.renewedAt = Date.now();
    setInterval(() => this.renew(), HEARTBEAT / 4);
  }

  /** Whether an earlier page is shown, opened from the page in front. */
  get isBack() {
    return this.front !== null;
  }

  /** Start with the page that the server rendered, or lease one. */
  begin() {
    const current = pageElement();
    if (current) this.fetchAhead();
    else if (document.getElementById("page")?.hasAttribute("data-start")) this.next();
    else this.checkAgainLater();
  }

  // --- Going on ------------------------------------------------------------------

  /** Submit the page and show the next one at once. The server's answer comes later, in `onResult`. */
  async submit() {
    const current = pageElement();
    if (!current || this.isWaiting) return;
    if (this.isBack) this.forth();
    else if (current.hasAttribute("data-submitted")) await this.next();
    else {
      this.outbox.add({ id: uuid7(), assignment: idOf(current), submit: true });
      await this.leave(current);
    }
  }

  /**
   * Leave a submitted page and show the one that follows it.
   * @param {HTMLElement} current
   */
  async leave(current) {
    current.setAttribute("data-submitted", "");
    this.keep(current);
    const next = this.ahead;
    this.ahead = null;
    if (next && idOf(next)) this.show(next);
    else await this.next();
  }

  /** Send everything that waits, then show the next page from the server. */
  async next() {
    this.isWaiting = true;
    this.showBusy("Loading next page …");
    await this.outbox.settled();
    if (!this.isWaiting) return; // the server refused the page, and it is shown again
    if (this.outbox.size) this.stay("The next page is loaded when your marks are saved.");
    else {
      const { status, element } = await leasePage(this.address);
      if (element) this.show(element);
      else this.stay(words.unreachable(status));
    }
    this.isWaiting = false;
  }

  /** @param {string} reason why there is no page */
  stay(reason) {
    this.showBusy("");
    // The page stays submitted: pressing Enter again requests the next one.
    announce(reason);
  }

  /** @param {HTMLElement} element */
  show(element) {
    document.getElementById("page")?.replaceWith(element);
    document.title = element.dataset.title ?? document.title;
    const pageOf = document.getElementById("page-of");
    if (pageOf) pageOf.textContent = element.dataset.pageOf ?? "";
    this.isWaiting = false;
    this.renewedAt = Date.now();
    dismiss("lost");
    this.showBusy("");
    this.onShow();
    window.scrollTo(0, 0);
    if (!idOf(element)) this.checkAgainLater();
    else if (!this.isBack) requestAnimationFrame(() => setTimeout(() => this.fetchAhead()));
  }

  /** Prefetch the page after the one in front, and its pictures. */
  async fetchAhead() {
    const front = this.front ?? pageElement();
    // While a submission waits, the server has leased two pages, which is the limit.
    const isFull = [...this.outbox.waiting.values()].some(isSubmission);
    if (this.isFetching || this.ahead || isFull || !front || front.hasAttribute("data-submitted")) return;
    this.isFetching = true;
    const id = idOf(front);
    const { element } = await leasePage(`${this.address}?after=${id}`);
    if (element && idOf(element) !== id) {
      await prepare(element);
      const isStillNext = id === idOf(this.front ?? pageElement() ?? front);
      if (isStillNext && !this.ahead) this.ahead = element;
    }
    this.isFetching = false;
  }

  /** If there was nothing to judge, try again after the time that the server named. */
  checkAgainLater() {
    const seconds = Number(document.getElementById("page")?.dataset.retry);
    if (!seconds) return;
    setTimeout(async () => {
      if (pageElement()) return;
      const { element } = await leasePage(this.address);
      if (element) this.show(element);
      else this.checkAgainLater();
    }, seconds * 1000);
  }

  // --- Answers to submissions -----------------------------------------------------------

  /**
   * @param {number} id
   * @param {import("./outbox.js").Outcome} outcome
   */
  onResult(id, outcome) {
    const current = pageElement();
    if (outcome.status === "refused") this.takeBack(id, outcome.problem);
    // An earlier visit or another tab submitted the page.
    else if (current && id === idOf(current) && !current.hasAttribute("data-submitted")) this.leave(current);
    else if (!this.isWaiting) this.fetchAhead();
  }

  /**
   * Show a page again that the server refused, with the reason.
   * @param {number} id
   * @param {{missing?: string[], lost?: string[]} | null} problem
   */
  takeBack(id, problem) {
    const element = this.submitted.get(id) ?? (id === assignmentId() ? pageElement() : null);
    if (!element) {
      notice(`page ${id}`, words.NOT_SUBMITTED, this.linkTo(id));
      return;
    }
    element.removeAttribute("data-submitted");
    this.submitted.delete(id);
    this.bringToFront(element);
    this.explain(problem);
  }

  /**
   * Show this page in front. The page that was in front becomes the next one.
   * @param {HTMLElement} element
   */
  bringToFront(element) {
    const previous = this.front ?? pageElement();
    this.front = null;
    if (previous && previous !== element) this.ahead = previous;
    if (element !== pageElement()) this.show(element);
    this.isWaiting = false;
    this.showBusy("");
  }

  /** @param {{missing?: string[], lost?: string[]} | null} problem */
  explain(problem) {
    const lostIds = problem?.lost ?? [];
    for (const id of lostIds) {
      const tile = tileById(id);
      if (tile) showRefusal(tile, words.refusal("lease-lost"));
    }
    const gaps = (problem?.missing ?? []).filter((id) => !lostIds.includes(id));
    if (lostIds.length || !gaps.length) this.onLeaseLost();
    else {
      goTo(tileById(gaps[0]));
      announce(`The page was not submitted. ${words.missing(gaps.length)}`);
    }
  }

  // --- Earlier pages ----------------------------------------------------------------

  /** @param {HTMLElement} element */
  keep(element) {
    this.submitted.delete(idOf(element));
    this.submitted.set(idOf(element), element);
    for (const id of this.submitted.keys()) {
      if (this.submitted.size <= KEPT_PAGES) break;
      this.submitted.delete(id);
    }
  }

  /**
   * Show any page of this batch. `forth` returns from it.
   * @param {number} id
   * @returns {Promise<boolean>} whether the page is shown now
   */
  async turnTo(id) {
    if (id === assignmentId()) return true;
    if (this.front && id === idOf(this.front)) {
      this.forth();
      return true;
    }
    const element = this.submitted.get(id) ?? (await fetchPage(this.addressOf(id))).element;
    if (!element || !idOf(element)) return false;
    this.front ??= /** @type {HTMLElement | null} */ (document.getElementById("page"));
    this.keep(element);
    this.show(element);
    return true;
  }

  /** Return from an earlier page to the one in front. */
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
    link.textContent = "Open page";
    return link;
  }

  // --- The lease ----------------------------------------------------------------------

  /** Renew the lease while the page is visible. Marks renew it, too. */
  async renew() {
    const front = this.front ?? pageElement();
    const id = front ? idOf(front) : 0;
    if (!id || front?.hasAttribute("data-submitted") || document.hidden) return;
    if (Date.now() - this.renewedAt < HEARTBEAT) return;
    this.renewedAt = Date.now();
    const answer = await call("POST", `assignments/${id}/renew/`);
    if (answer.status === 409 && id === assignmentId()) this.onLeaseLost();
  }

  /** Report that the lease of the page has ended, and offer the next page. */
  onLeaseLost() {
    this.ahead = null;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "primary";
    button.dataset.act = "next";
    button.textContent = "Next page";
    notice("lost", words.LEASE_LOST, button);
  }

  /** @param {string} text empty if nothing is in progress */
  showBusy(text) {
    const label = document.querySelector("[data-submit-text]");
    if (label) label.textContent = text || (this.isBack ? "Back to your page" : "Submit");
    pageElement()?.toggleAttribute("data-busy", Boolean(text));
  }
}
