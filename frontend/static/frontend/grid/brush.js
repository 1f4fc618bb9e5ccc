// @ts-check
/** The meaning of a pointer on the tiles: a click, a stroke across tiles, or a long press. */

/** Milliseconds. A press this long on one tile zooms and paints nothing. */
export const LONG_PRESS = 450;

/**
 * One press of a pointer. Tiles are given by their positions; -1 is no tile.
 *
 * `paint` is called with each position that a stroke reaches, including the first one, once the pointer has left
 * the tile where it was pressed. A press that never leaves the tile is a click, which the browser reports itself.
 */
export class Stroke {
  /**
   * @param {number} start
   * @param {(position: number) => void} paint
   */
  constructor(start, paint) {
    this.start = start;
    this.paint = paint;
    /** @type {Set<number>} */
    this.painted = new Set();
    this.isZoom = false;
  }

  /** Whether to ignore the click event that the browser sends after the press. */
  get consumesClick() {
    return this.isZoom || this.painted.size > 0;
  }

  /** Turn a press that has rested on its tile into a zoom. Return whether it is one. */
  hold() {
    if (!this.painted.size) this.isZoom = true;
    return this.isZoom;
  }

  /** @param {number} position */
  reach(position) {
    if (this.isZoom || position < 0 || this.start < 0) return;
    if (!this.painted.size && position === this.start) return;
    if (!this.painted.size) this.paintOnce(this.start);
    this.paintOnce(position);
  }

  /** @param {number} position */
  paintOnce(position) {
    if (this.painted.has(position)) return;
    this.painted.add(position);
    this.paint(position);
  }
}
