// @ts-check
/** Marks tiles. Each mark goes to the outbox at once and into the undo history. */

import { Clock } from "./clock.js";
import { uuid7 } from "./ids.js";
import { assignmentId, showRefusal, showVerdict, tileById, tiles, unmarked } from "./tiles.js";

/**
 * @typedef {"key" | "click" | "fill"} How
 * @typedef {import("./history.js").Change} Change
 */

export class Marking {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./history.js").History} history
   */
  constructor(outbox, history) {
    this.outbox = outbox;
    this.history = history;
    this.clock = new Clock();
    /** The changes of the stroke in progress. They become one step. @type {Change[] | null} */
    this.stroke = null;
    /** Pictures marked in this session, and their seconds in total. */
    this.pace = { marked: 0, seconds: 0 };
  }

  /** Start with a new page: restart the clock and show the marks that wait. */
  begin() {
    this.clock.restart();
    for (const tile of tiles()) tile.dataset.recorded = tile.dataset.verdict;
    this.showWaiting();
  }

  /** Show marks that the server did not have when it rendered the page. */
  showWaiting() {
    for (const mark of this.outbox.marks()) {
      const tile = mark.assignment === assignmentId() && tileById(mark.candidate);
      if (tile) showVerdict(tile, mark.verdict ?? "", mark.reason);
    }
  }

  /**
   * @param {HTMLElement} tile
   * @param {string} verdict
   * @param {How} how
   * @param {string} [reason]
   * @returns {boolean} whether the tile changed
   */
  mark(tile, verdict, how, reason) {
    const isNew = tile.dataset.verdict !== verdict || (reason ?? "") !== (tile.dataset.comment ?? "");
    if (!isNew || "withdrawn" in tile.dataset) return false;
    const changes = [change(tile, verdict, reason)];
    this.send([[tile, verdict, reason]], how);
    if (this.stroke) this.stroke.push(...changes);
    else this.history.push({ page: assignmentId(), changes });
    return true;
  }

  /**
   * Mark many tiles in one step. They share its time equally.
   * @param {Map<HTMLElement, string>} verdicts
   */
  fill(verdicts) {
    const marks = [...verdicts].filter(([tile]) => !("withdrawn" in tile.dataset));
    const changes = marks.map(([tile, verdict]) => change(tile, verdict));
    this.send(
      marks.map(([tile, verdict]) => [tile, verdict]),
      "fill",
    );
    this.history.push({ page: assignmentId(), changes });
  }

  beginStroke() {
    this.endStroke();
    this.stroke = [];
  }

  endStroke() {
    if (this.stroke) this.history.push({ page: assignmentId(), changes: this.stroke });
    this.stroke = null;
  }

  /**
   * Set the tiles of a step to their state before or after it.
   * @param {import("./history.js").Step} step
   * @param {"before" | "after"} when
   */
  put(step, when) {
    const isBefore = when === "before";
    /** @type {Array<[HTMLElement, string, string | undefined]>} */
    const marks = [];
    for (const { tile, before, after, reasonBefore, reasonAfter } of step.changes) {
      const element = tileById(tile);
      if (element && !("withdrawn" in element.dataset)) {
        marks.push([element, isBefore ? before : after, isBefore ? reasonBefore : reasonAfter]);
      }
    }
    this.send(marks, "key");
  }

  /**
   * Show the verdicts and add them to the outbox.
   * @param {Array<[HTMLElement, string, (string | undefined)?]>} marks
   * @param {How} how
   */
  send(marks, how) {
    if (!marks.length) return;
    const seconds = this.clock.lap();
    this.pace.marked += marks.filter(([tile, verdict]) => verdict && !tile.dataset.verdict).length;
    this.pace.seconds += seconds;
    this.outbox.add(
      ...marks.map(([tile, verdict, reason]) => makeMark(tile, verdict, how, seconds / marks.length, reason)),
    );
  }
}

/**
 * Return the change from a tile's current verdict to another one.
 * @param {HTMLElement} tile
 * @param {string} after
 * @param {string} [reason]
 * @returns {Change}
 */
function change(tile, after, reason) {
  const { tile: id = "", verdict: before = "", comment } = tile.dataset;
  return { tile: id, before, after, reasonBefore: comment || undefined, reasonAfter: reason || undefined };
}

/**
 * Show the verdict on the tile and return the mark to send.
 * @param {HTMLElement} tile
 * @param {string} verdict
 * @param {How} how
 * @param {number} seconds
 * @param {string} [reason]
 * @returns {import("./outbox.js").Mark}
 */
function makeMark(tile, verdict, how, seconds, reason) {
  showVerdict(tile, verdict, reason);
  showRefusal(tile, "");
  return {
    id: uuid7(),
    assignment: assignmentId(),
    candidate: tile.dataset.tile ?? "",
    verdict: verdict || null,
    decided_at: new Date().toISOString(),
    seconds: Math.round(seconds * 100) / 100,
    how,
    ...(reason ? { reason } : {}),
  };
}

/**
 * Return the verdicts that "the rest is …" gives: this verdict for each unmarked tile whose picture was seen, and
 * broken for each broken file.
 * @param {string} verdict empty for broken files only
 * @returns {Map<HTMLElement, string>}
 */
export function restOf(verdict) {
  /** @type {Map<HTMLElement, string>} */
  const verdicts = new Map();
  for (const tile of unmarked()) {
    if ("unreadable" in tile.dataset) verdicts.set(tile, "broken");
    else if (verdict && wasSeen(tile)) verdicts.set(tile, verdict);
  }
  return verdicts;
}

/** @param {HTMLElement} tile */
function wasSeen(tile) {
  const picture = tile.querySelector("img");
  return "seen" in tile.dataset && Boolean(picture?.complete && picture.naturalWidth);
}
