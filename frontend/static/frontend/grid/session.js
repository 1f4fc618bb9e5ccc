// @ts-check
/** A judge's session in one tab: the page, the actions on it, and the marks that wait to be sent. */

import { read, write } from "../settings.js";
import { call, callProblem } from "./api.js";
import { ask } from "./dialogs.js";
import { fit, refit } from "./fit.js";
import { placeGuidelines } from "./guidelines.js";
import { History, leavesGaps } from "./history.js";
import { Keys } from "./keys.js";
import { Marking } from "./marking.js";
import { announce, notice, showSaving } from "./notices.js";
import { isSubmission, Outbox } from "./outbox.js";
import { OutboxStorage } from "./outbox_storage.js";
import { Pages } from "./pages.js";
import { watch } from "./pictures.js";
import { RefusedMarks } from "./refused.js";
import { Rest } from "./rest.js";
import { shareBetweenTabs } from "./tabs.js";
import * as page from "./tiles.js";
import * as words from "./words.js";

export class Session {
  constructor() {
    const { user = "", batch } = document.body.dataset;
    // The stored name is older than the class. A new name would lose the undo history of open tabs.
    this.historyName = `sitting.${user}.${batch}`;
    const storage = new OutboxStorage(user);
    this.outbox = new Outbox(storage, {
      send: (marks) => call("PUT", "judgments/", { judgments: marks }),
      submit: (assignment) => call("POST", `assignments/${assignment}/submit/`),
      callProblem,
      onResult: (result) => this.onResult(result),
      onChange: showSaving,
      ...shareBetweenTabs(user, (results) => this.outbox.receive(results)),
    });
    this.history = new History(read(this.historyName, "sessionStorage"));
    this.marking = new Marking(this.outbox, this.history);
    this.pages = new Pages(this.outbox, () => this.begin());
    this.rest = new Rest(this.marking);
    this.keys = new Keys();
    this.refused = new RefusedMarks(storage, this.outbox);
    // Most candidates are correct, so judges paint the wrong ones and fill the rest.
    this.brush = read("brush") ?? "no";
  }

  /** Start with the page that the server rendered and the marks that earlier visits left. */
  async open() {
    this.marking.clock.setVisible(!document.hidden);
    this.begin();
    this.pages.begin();
    this.refused.show();
    await this.outbox.open();
    if (!page.pageElement()) return;
    this.marking.showWaiting();
    this.showTally();
  }

  /**
   * Prepare a page that was put into the document. First change everything, then measure, so that the browser
   * computes the layout once before it paints.
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
    requestAnimationFrame(() => setTimeout(() => this.onPainted()));
  }

  onPainted() {
    this.marking.clock.restart();
    fit();
    watch();
  }

  // --- Answers of the server ------------------------------------------------------------

  /** @param {import("./outbox.js").Result} result */
  onResult({ item, outcome }) {
    if (isSubmission(item)) {
      this.pages.onResult(item.assignment, outcome);
      return;
    }
    const tile = item.assignment === page.assignmentId() ? page.tileById(item.candidate) : null;
    if (outcome.status === "refused") this.onRefused(tile, item, outcome.reason ?? "");
    else if (tile) this.onRecorded(tile, item);
    if (tile) this.showTally();
  }

  /**
   * @param {HTMLElement} tile
   * @param {import("./outbox.js").Mark} mark
   */
  onRecorded(tile, mark) {
    tile.dataset.recorded = mark.verdict ?? "";
    // Another tab may have marked it.
    if (this.isLast(mark) && tile.dataset.verdict !== tile.dataset.recorded) {
      page.showVerdict(tile, tile.dataset.recorded, mark.reason);
    }
  }

  /**
   * Show a refusal on its tile, or in a notice if the page is no longer shown.
   * @param {HTMLElement | null} tile
   * @param {import("./outbox.js").Mark} mark
   * @param {string} reason
   */
  onRefused(tile, mark, reason) {
    this.refused.show();
    const sentence = words.refusal(reason);
    if (!tile) {
      notice(`earlier ${reason}`, `On an earlier page: ${sentence}`);
      return;
    }
    if (words.WITHDRAWN.has(reason)) tile.dataset.withdrawn = "";
    if (this.isLast(mark)) page.showVerdict(tile, tile.dataset.recorded ?? "");
    page.showRefusal(tile, sentence);
    announce(sentence);
  }

  /** Whether no later mark of the same tile waits. @param {import("./outbox.js").Mark} mark */
  isLast(mark) {
    return !this.outbox.marks().some((other) => other.candidate === mark.candidate);
  }

  // --- Display --------------------------------------------------------------------------

  /** @param {string} verdict the verdict that a click gives */
  showBrush(verdict) {
    this.brush = verdict;
    write("brush", verdict);
    for (const button of document.querySelectorAll("[data-brush]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.brush === verdict));
    }
    page.pageElement()?.setAttribute("data-painting", verdict);
  }

  showTally() {
    const total = page.tiles().length;
    const unmarked = page.unmarked().length;
    const bar = document.querySelector("[data-tally]");
    if (bar instanceof HTMLProgressElement) bar.value = total - unmarked;
    setText("[data-tally-text]", unmarked ? `${total - unmarked} of ${total} marked` : `All ${total} marked`);
    setText("[data-pace]", words.pace(this.marking.pace));
    document.getElementById("submit")?.toggleAttribute("data-ready", !unmarked);
    document.querySelector('[data-act="undo"]')?.toggleAttribute("disabled", !this.history.done.length);
    document.querySelector('[data-act="redo"]')?.toggleAttribute("disabled", !this.history.undone.length);
    write(this.historyName, this.history.serialize(), "sessionStorage");
  }

  // --- Actions of the judge -------------------------------------------------------------

  /** @param {HTMLElement} tile */
  paint(tile) {
    if (this.rest.isOpen) this.rest.close();
    page.goTo(tile);
    this.marking.mark(tile, this.brush, "click");
    this.showTally();
  }

  /**
   * Handle the key of a verdict. It marks the tile with the focus and goes on. While the pointer is in use, it
   * chooses the verdict that clicks give.
   * @param {string} verdict
   * @param {boolean} isPointing
   */
  giveVerdict(verdict, isPointing) {
    const tile = page.currentTile();
    if (this.rest.isOpen) {
      if (verdict !== "broken") this.rest.preview(verdict);
    } else if (isPointing) {
      this.showBrush(verdict);
      announce(`Clicks now mark ${verdict}.`);
    } else if (tile) {
      this.marking.mark(tile, verdict, "key");
      page.goTo(page.nextToMark(tile));
    }
  }

  async skip() {
    const tile = page.currentTile();
    if (!tile) return;
    const fields = await ask("skip");
    if (fields && this.marking.mark(tile, "skip", "key", fields.reason)) page.goTo(page.nextToMark(tile));
    else page.goTo(tile);
    this.showTally();
  }

  async comment() {
    const tile = page.currentTile();
    if (!tile?.dataset.verdict) {
      announce("Mark the picture first. A comment belongs to a verdict.");
      return;
    }
    const fields = await ask("comment", { reason: tile.dataset.comment ?? "" });
    page.goTo(tile);
    if (fields) this.marking.mark(tile, tile.dataset.verdict, "key", fields.reason);
    this.showTally();
  }

  async report() {
    const tile = page.currentTile();
    if (!tile) return;
    const fields = await ask("report");
    page.goTo(tile);
    if (!fields) return;
    const answer = await call("POST", `candidates/${tile.dataset.tile}/reports/`, fields);
    if (answer.status !== 201) {
      announce("The report could not be sent. Please try again.");
      return;
    }
    tile.dataset.withdrawn = "";
    page.showRefusal(tile, "Reported. Hidden from judges until an adjudicator has checked it.");
    page.goTo(page.nextToMark(tile));
    this.showTally();
  }

  async undo() {
    const step = this.history.last();
    if (!step) announce("There is nothing to undo.");
    else if (!(await this.pages.turnTo(step.page))) announce("That page cannot be opened now.");
    else if (page.isSubmitted() && leavesGaps(step)) {
      this.history.forget();
      announce("This page is submitted. Change the verdict instead.");
    } else {
      this.history.moveToUndone();
      this.marking.put(step, "before");
      announce("Undone.");
    }
    this.afterStep(step);
  }

  async redo() {
    const step = this.history.redo();
    if (!step) announce("There is nothing to redo.");
    else if (!(await this.pages.turnTo(step.page))) announce("That page cannot be opened now.");
    else {
      this.marking.put(step, "after");
      announce("Redone.");
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
    const unmarked = page.unmarked();
    if (!unmarked.length || this.pages.isBack) this.pages.submit();
    else if (unmarked.every((tile) => tile.dataset.proposed)) this.rest.preview("");
    else {
      page.goTo(unmarked[0]);
      announce(words.missing(unmarked.length));
    }
  }

  /** Handle Enter: confirm the preview if it is open, else submit the page. */
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
  const element = document.querySelector(selector);
  if (element) element.textContent = text;
}
