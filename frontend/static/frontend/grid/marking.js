// @ts-check
/** Marks tiles; every mark goes to the outbox at once, and into what Undo goes through. */

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
    /** @type {Change[] | null} while the pointer is drawn across tiles, they are one act */
    this.stroke = null;
    /** Pictures marked in this sitting, and the seconds that they took. */
    this.pace = { marked: 0, seconds: 0 };
  }

  /** A page has been painted: its time starts, and marks on their way are shown. */
  begin() {
    this.clock.restart();
    for (const tile of tiles()) tile.dataset.recorded = tile.dataset.verdict;
    this.showWaiting();
  }

  /** Marks that have not arrived are not in what the server wrote. */
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
   * @returns {boolean} whether there was something to change
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
   * Mark many tiles in one act, which share the time it took.
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
   * Put the tiles of a step as they were before it, or as they were after.
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
   * Show the verdicts and hand them to the outbox.
   * @param {Array<[HTMLElement, string, (string | undefined)?]>} marks
   * @param {How} how
   */
  send(marks, how) {
    if (!marks.length) return;
    const seconds = this.clock.lap();
    this.pace.marked += marks.filter(([tile, verdict]) => verdict && !tile.dataset.verdict).length;
    this.pace.seconds += seconds;
    this.outbox.add(...marks.map(([tile, verdict, reason]) => made(tile, verdict, how, seconds / marks.length, reason)));
  }
}

/**
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
 * Show the verdict and make the mark that will be sent.
 * @param {HTMLElement} tile
 * @param {string} verdict
 * @param {How} how
 * @param {number} seconds
 * @param {string} [reason]
 * @returns {import("./outbox.js").Mark}
 */
function made(tile, verdict, how, seconds, reason) {
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
 * What "the rest is …" would do: a verdict for each tile that has none and whose
 * picture has been seen; where there is no picture to see, broken.
 * @param {string} verdict empty: only what is proposed by itself
 * @returns {Map<HTMLElement, string>}
 */
export function restOf(verdict) {
  /** @type {Map<HTMLElement, string>} */
  const rest = new Map();
  for (const tile of unmarked()) {
    if ("unreadable" in tile.dataset) rest.set(tile, "broken");
    else if (verdict && hasBeenSeen(tile)) rest.set(tile, verdict);
  }
  return rest;
}

/** @param {HTMLElement} tile */
function hasBeenSeen(tile) {
  const picture = tile.querySelector("img");
  return "seen" in tile.dataset && Boolean(picture?.complete && picture.naturalWidth);
}
