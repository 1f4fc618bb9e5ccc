// @ts-check
/** Marks tiles and takes marks back; every mark goes to the outbox at once. */

import { Clock } from "./clock.js";
import { uuid7 } from "./ids.js";
import { assignmentId, goTo, nextToMark, showRefusal, showVerdict, tileById, unmarked } from "./tiles.js";

/**
 * @typedef {"key" | "click" | "fill"} How
 * @typedef {{tile: string, before: string}} Step
 */

export class Marking {
  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    this.outbox = outbox;
    this.clock = new Clock();
    /** @type {Step[][]} what Undo goes back through; a fill is one step */
    this.steps = [];
  }

  /** A page has been painted: its time starts, and Undo ends at it. */
  begin() {
    this.steps = [];
    this.clock.restart();
    for (const mark of this.outbox.marks) {
      const tile = mark.assignment === assignmentId() && tileById(mark.candidate);
      if (tile) showVerdict(tile, mark.verdict ?? "");
    }
  }

  /**
   * Mark one tile and go on to the next, unless the pointer decides where to go.
   * @param {HTMLElement} tile
   * @param {string} verdict
   * @param {How} how
   * @param {string} [reason]
   */
  mark(tile, verdict, how, reason) {
    const isNew = tile.dataset.verdict !== verdict || Boolean(reason);
    if (isNew && !("withdrawn" in tile.dataset)) {
      this.steps.push([this.step(tile)]);
      this.outbox.add(this.put(tile, verdict, how, this.clock.lap(), reason));
    }
    if (how === "key") goTo(nextToMark(tile));
  }

  /**
   * Mark many tiles in one act, which share the time it took.
   * @param {Map<HTMLElement, string>} verdicts
   */
  fill(verdicts) {
    if (!verdicts.size) return;
    const seconds = this.clock.lap() / verdicts.size;
    this.steps.push([...verdicts.keys()].map((tile) => this.step(tile)));
    this.outbox.add(...[...verdicts].map(([tile, verdict]) => this.put(tile, verdict, "fill", seconds)));
  }

  /** Take the last act on this page back, and show where it was. */
  undo() {
    const steps = this.steps.pop();
    if (!steps) return false;
    const marks = [];
    for (const { tile, before } of steps) {
      const element = tileById(tile);
      if (element) marks.push(this.put(element, before, "key", this.clock.lap()));
    }
    this.outbox.add(...marks);
    goTo(tileById(steps[0].tile));
    return true;
  }

  /** @param {HTMLElement} tile */
  step(tile) {
    return { tile: tile.dataset.tile ?? "", before: tile.dataset.verdict ?? "" };
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
  put(tile, verdict, how, seconds, reason) {
    showVerdict(tile, verdict);
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
}

/**
 * What "mark the rest" would do: a verdict for each tile that has none and whose
 * picture has been seen; where there is no picture to see, broken.
 * @param {string} verdict
 * @returns {Map<HTMLElement, string>}
 */
export function restOf(verdict) {
  /** @type {Map<HTMLElement, string>} */
  const rest = new Map();
  for (const tile of unmarked()) {
    if ("unreadable" in tile.dataset) rest.set(tile, "broken");
    else if (hasBeenSeen(tile)) rest.set(tile, verdict);
  }
  return rest;
}

/** @param {HTMLElement} tile */
function hasBeenSeen(tile) {
  const picture = tile.querySelector("img");
  return "seen" in tile.dataset && Boolean(picture?.complete && picture.naturalWidth);
}
