// @ts-check
/** What a pointer means on the tiles: a click, a stroke across tiles, or a long press. */

/** A press this long, without moving to another tile, looks closer and paints nothing. */
export const LONG_PRESS = 450;

/**
 * One press of a pointer, told in places of tiles; -1 is no tile.
 *
 * `paints` is called with each place that a stroke reaches, the first one included, once
 * the pointer has left the tile where it was pressed. A press that never leaves it is a
 * click, and the browser's own click event speaks for it.
 */
export class Stroke {
  /**
   * @param {number} start
   * @param {(place: number) => void} paints
   */
  constructor(start, paints) {
    this.start = start;
    this.paints = paints;
    /** @type {Set<number>} */
    this.painted = new Set();
    this.isZoom = false;
  }

  /** Whether the click that the browser sends after it must be ignored. */
  get isOver() {
    return this.isZoom || this.painted.size > 0;
  }

  /** The pointer has rested long enough on the tile: it is a look closer. */
  hold() {
    if (!this.painted.size) this.isZoom = true;
    return this.isZoom;
  }

  /** @param {number} place */
  reach(place) {
    if (this.isZoom || place < 0 || this.start < 0) return;
    if (!this.painted.size && place === this.start) return;
    if (!this.painted.size) this.paint(this.start);
    this.paint(place);
  }

  /** @param {number} place */
  paint(place) {
    if (this.painted.has(place)) return;
    this.painted.add(place);
    this.paints(place);
  }
}
