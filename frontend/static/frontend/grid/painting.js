// @ts-check
/** The pointer on the tiles: a click marks, a stroke across tiles paints, a long press zooms. */

import { LONG_PRESS, Stroke } from "./brush.js";
import { tiles } from "./tiles.js";
import { unzoom, zoom } from "./zoom.js";

/**
 * @typedef {object} Hands what the pointer does
 * @property {(tile: HTMLElement) => void} paint
 * @property {() => void} begin of a press on a tile
 * @property {() => void} end
 */

export class Painting {
  /** @param {Hands} hands */
  constructor(hands) {
    this.hands = hands;
    /** @type {Stroke | null} */
    this.stroke = null;
    this.timer = 0;
    document.addEventListener("pointerdown", (event) => this.down(event));
    document.addEventListener("pointermove", (event) => this.move(event));
    document.addEventListener("pointerup", () => this.up());
    document.addEventListener("pointercancel", () => this.up());
    document.addEventListener("contextmenu", (event) => this.stroke?.isZoom && event.preventDefault());
    // Heard first, so that a click that ends a stroke or a zoom is nobody's.
    document.addEventListener("click", (event) => this.click(event), true);
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.stroke = null;
    const tile = tileOf(event.target);
    if (!tile || event.button || isLink(event.target)) return;
    this.hands.begin();
    this.stroke = new Stroke(tiles().indexOf(tile), (place) => this.hands.paint(tiles()[place]));
    // A finger would else hold the pointer on the tile where it was put down.
    tile.releasePointerCapture?.(event.pointerId);
    this.timer = window.setTimeout(() => this.stroke?.hold() && zoom(tile), LONG_PRESS);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.stroke || !event.buttons) return;
    const tile = tileOf(document.elementFromPoint(event.clientX, event.clientY));
    const place = tile ? tiles().indexOf(tile) : -1;
    if (place !== this.stroke.start) clearTimeout(this.timer);
    this.stroke.reach(place);
  }

  up() {
    clearTimeout(this.timer);
    if (!this.stroke) return;
    if (this.stroke.isZoom) unzoom();
    this.hands.end();
  }

  /** @param {MouseEvent} event */
  click(event) {
    if (!this.stroke?.isOver || !tileOf(event.target)) return;
    event.stopPropagation();
    event.preventDefault();
  }
}

/** @param {EventTarget | null} target */
const tileOf = (target) =>
  target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("#page .tile")) : null;

/** @param {EventTarget | null} target */
const isLink = (target) => target instanceof Element && Boolean(target.closest("a, button"));
