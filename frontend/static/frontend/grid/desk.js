// @ts-check
/** A judge's desk: the page, what is done on it, and what is on its way from it. */

import { read, write } from "../settings.js";
import { call, trouble } from "./api.js";
import { Book } from "./book.js";
import { ask } from "./dialogs.js";
import { fit, refit } from "./fit.js";
import { placeGuidelines } from "./guidelines.js";
import { History, leavesGaps } from "./history.js";
import { Keys } from "./keys.js";
import { Marking } from "./marking.js";
import { notice, say, showSaving } from "./notices.js";
import { isSubmission, Outbox } from "./outbox.js";
import { watch } from "./pictures.js";
import { RefusedMarks } from "./refused.js";
import { Rest } from "./rest.js";
import { Shelf } from "./shelf.js";
import { tabsOf } from "./tabs.js";
import * as page from "./tiles.js";
import * as words from "./words.js";

export class Desk {
  constructor() {
    const { user = "", batch } = document.body.dataset;
    this.sitting = `sitting.${user}.${batch}`;
    const shelf = new Shelf(user);
    this.outbox = new Outbox(shelf, {
      send: (marks) => call("PUT", "judgments/", { judgments: marks }),
      submit: (assignment) => call("POST", `assignments/${assignment}/submit/`),
      trouble,
      answered: (news) => this.answered(news),
      changed: showSaving,
      ...tabsOf(user, (news) => this.outbox.hear(news)),
    });
    this.history = new History(read(this.sitting, "sessionStorage"));
    this.marking = new Marking(this.outbox, this.history);
    this.book = new Book(this.outbox, () => this.begin());
    this.rest = new Rest(this.marking);
    this.keys = new Keys();
    this.refused = new RefusedMarks(shelf, this.outbox);
    // Most candidates are right, so the wrong ones are painted and the rest is filled.
    this.brush = read("brush") ?? "no";
  }

  /** Take up the page that the server wrote, and what earlier visits left. */
  async open() {
    this.marking.clock.see(!document.hidden);
    this.begin();
    this.book.begin();
    this.refused.show();
    await this.outbox.open();
    if (!page.pageElement()) return;
    this.marking.showWaiting();
    this.showTally();
  }

  /**
   * A page has been put on the screen. All that changes it comes first and what must know
   * how it lies comes last, so that the browser lays it out once before it is painted.
   */
  begin() {
    placeGuidelines();
    if (!page.pageElement()) {
      /** @type {HTMLElement | null} */ (document.querySelector("#page h1"))?.focus();
      return;
    }
    refit();
    this.marking.begin();
    this.rest.begin();
    this.keys.show();
    this.showBrush(this.brush);
    this.showTally();
    page.goTo(page.unmarked()[0] ?? page.tiles()[0]);
    requestAnimationFrame(() => setTimeout(() => this.painted()));
  }

  painted() {
    this.marking.clock.restart();
    fit();
    watch();
  }

  // --- What the server answers --------------------------------------------------------

  /** @param {import("./outbox.js").News} news */
  answered({ entry, outcome }) {
    if (isSubmission(entry)) {
      this.book.answered(entry.assignment, outcome);
      return;
    }
    const tile = entry.assignment === page.assignmentId() ? page.tileById(entry.candidate) : null;
    if (outcome.status === "refused") this.refuse(tile, entry, outcome.reason ?? "");
    else if (tile) this.record(tile, entry);
    if (tile) this.showTally();
  }

  /**
   * @param {HTMLElement} tile
   * @param {import("./outbox.js").Mark} mark
   */
  record(tile, mark) {
    tile.dataset.recorded = mark.verdict ?? "";
    // Another tab may have marked it.
    if (this.isLast(mark) && tile.dataset.verdict !== tile.dataset.recorded) {
      page.showVerdict(tile, tile.dataset.recorded, mark.reason);
    }
  }

  /**
   * What was refused is shown where it was made, and kept until it has been seen.
   * @param {HTMLElement | null} tile
   * @param {import("./outbox.js").Mark} mark
   * @param {string} reason
   */
  refuse(tile, mark, reason) {
    this.refused.show();
    const sentence = words.refusal(reason);
    if (!tile) {
      notice(`earlier ${reason}`, `On an earlier page: ${sentence}`);
      return;
    }
    if (words.WITHDRAWN.has(reason)) tile.dataset.withdrawn = "";
    if (this.isLast(mark)) page.showVerdict(tile, tile.dataset.recorded ?? "");
    page.showRefusal(tile, sentence);
    say(sentence);
  }

  /** Whether no later mark of the same tile is on its way. @param {import("./outbox.js").Mark} mark */
  isLast(mark) {
    return !this.outbox.marks().some((other) => other.candidate === mark.candidate);
  }

  // --- What the judge sees ------------------------------------------------------------

  /** @param {string} verdict what a click marks */
  showBrush(verdict) {
    this.brush = verdict;
    write("brush", verdict);
    for (const button of document.querySelectorAll("[data-brush]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.brush === verdict));
    }
    page.pageElement()?.setAttribute("data-painting", verdict);
  }

  showTally() {
    const all = page.tiles().length;
    const open = page.unmarked().length;
    const bar = document.querySelector("[data-tally]");
    if (bar instanceof HTMLProgressElement) bar.value = all - open;
    setText("[data-tally-text]", open ? `${all - open} of ${all} marked` : `All ${all} marked`);
    setText("[data-pace]", words.pace(this.marking.pace));
    document.getElementById("submit")?.toggleAttribute("data-ready", !open);
    document.querySelector('[data-act="undo"]')?.toggleAttribute("disabled", !this.history.done.length);
    document.querySelector('[data-act="redo"]')?.toggleAttribute("disabled", !this.history.undone.length);
    write(this.sitting, this.history.stored(), "sessionStorage");
  }

  // --- What the judge does ------------------------------------------------------------

  /** @param {HTMLElement} tile */
  paint(tile) {
    if (this.rest.isOpen) this.rest.close();
    page.goTo(tile);
    this.marking.mark(tile, this.brush, "click");
    this.showTally();
  }

  /**
   * A verdict's key marks the tile that has the focus and goes on; while the pointer is in
   * use it chooses what the pointer paints with.
   * @param {string} verdict
   * @param {boolean} isPointing
   */
  say(verdict, isPointing) {
    const tile = page.currentTile();
    if (this.rest.isOpen) {
      if (verdict !== "broken") this.rest.preview(verdict);
    } else if (isPointing) {
      this.showBrush(verdict);
      say(`A click marks ${verdict}.`);
    } else if (tile) {
      this.marking.mark(tile, verdict, "key");
      page.goTo(page.nextToMark(tile));
    }
  }

  async skip() {
    const tile = page.currentTile();
    if (!tile) return;
    const given = await ask("skip");
    if (given && this.marking.mark(tile, "skip", "key", given.reason)) page.goTo(page.nextToMark(tile));
    else page.goTo(tile);
    this.showTally();
  }

  async comment() {
    const tile = page.currentTile();
    if (!tile?.dataset.verdict) {
      say("Mark the picture first; a comment belongs to its verdict.");
      return;
    }
    const given = await ask("comment", { reason: tile.dataset.comment ?? "" });
    page.goTo(tile);
    if (given) this.marking.mark(tile, tile.dataset.verdict, "key", given.reason);
    this.showTally();
  }

  async report() {
    const tile = page.currentTile();
    if (!tile) return;
    const given = await ask("report");
    page.goTo(tile);
    if (!given) return;
    const answer = await call("POST", `candidates/${tile.dataset.tile}/reports/`, given);
    if (answer.status !== 201) {
      say("The report could not be sent. Please try again.");
      return;
    }
    tile.dataset.withdrawn = "";
    page.showRefusal(tile, "Reported. It is not asked for until somebody has looked at it.");
    page.goTo(page.nextToMark(tile));
    this.showTally();
  }

  async undo() {
    const step = this.history.last();
    if (!step) say("There is nothing to take back.");
    else if (!(await this.book.turnTo(step.page))) say("That page cannot be opened now.");
    else if (page.isSubmitted() && leavesGaps(step)) {
      this.history.forget();
      say("This page is submitted: give the picture another verdict instead.");
    } else {
      this.history.undid();
      this.marking.put(step, "before");
      say("Taken back.");
    }
    this.afterStep(step);
  }

  async redo() {
    const step = this.history.redo();
    if (!step) say("There is nothing to do again.");
    else if (!(await this.book.turnTo(step.page))) say("That page cannot be opened now.");
    else {
      this.marking.put(step, "after");
      say("Done again.");
    }
    this.afterStep(step);
  }

  /** @param {import("./history.js").Step | undefined} step */
  afterStep(step) {
    if (step) page.goTo(page.tileById(step.changes[0].tile));
    if (!this.rest.isOpen) this.rest.proposeBroken();
    this.showTally();
  }

  submit() {
    const open = page.unmarked();
    if (!open.length || this.book.isBack) this.book.submit();
    else if (open.every((tile) => tile.dataset.proposed)) this.rest.preview("");
    else {
      page.goTo(open[0]);
      say(words.missing(open.length));
    }
  }

  /** Enter: confirm what is shown, else hand the page in. */
  confirm() {
    if (this.rest.isOpen) this.rest.confirm();
    else this.submit();
  }
}

/**
 * @param {string} selector
 * @param {string} text
 */
function setText(selector, text) {
  const place = document.querySelector(selector);
  if (place) place.textContent = text;
}
