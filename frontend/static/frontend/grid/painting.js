// @ts-check
/** The pointer on the tiles: a click marks, a stroke across tiles paints, a long press zooms. */

import { LONG_PRESS, Stroke } from "./brush.js";
import { tiles } from "./tiles.js";
import { unzoom, zoom } from "./zoom.js";

/**
 * @typedef {object} Listeners
 * @property {(tile: HTMLElement) => void} paint
 * @property {() => void} begin called when a tile is pressed
 * @property {() => void} end
 */

export class Painting {
  /** @param {Listeners} listeners */
  constructor(listeners) {
    this.listeners = listeners;
    /** @type {Stroke | null} */
    this.stroke = null;
    this.timer = 0;
    document.addEventListener("pointerdown", (event) => this.onDown(event));
    document.addEventListener("pointermove", (event) => this.onMove(event));
    document.addEventListener("pointerup", () => this.onUp());
    document.addEventListener("pointercancel", () => this.onUp());
    document.addEventListener("contextmenu", (event) => this.stroke?.isZoom && event.preventDefault());
    // In the capture phase, so that no other listener gets the click that ends a stroke or a zoom.
    document.addEventListener("click", (event) => this.onClick(event), true);
  }

  /** @param {PointerEvent} event */
  onDown(event) {
    this.stroke = null;
    const tile = tileOf(event.target);
    if (!tile || event.button || isLink(event.target)) return;
    this.listeners.begin();
    this.stroke = new Stroke(tiles().indexOf(tile), (position) => this.listeners.paint(tiles()[position]));
    // Otherwise the tile captures a touch, and no other tile gets its events.
    tile.releasePointerCapture?.(event.pointerId);
    this.timer = window.setTimeout(() => this.stroke?.hold() && zoom(tile), LONG_PRESS);
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    if (!this.stroke || !event.buttons) return;
    const tile = tileOf(document.elementFromPoint(event.clientX, event.clientY));
    const position = tile ? tiles().indexOf(tile) : -1;
    if (position !== this.stroke.start) clearTimeout(this.timer);
    this.stroke.reach(position);
  }

  onUp() {
    clearTimeout(this.timer);
    if (!this.stroke) return;
    if (this.stroke.isZoom) unzoom();
    this.listeners.end();
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    if (!this.stroke?.consumesClick || !tileOf(event.target)) return;
    event.stopPropagation();
    event.preventDefault();
  }
}

/** @param {EventTarget | null} target */
const tileOf = (target) =>
  target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("#page .tile")) : null;

/** @param {EventTarget | null} target */
const isLink = (target) => target instanceof Element && Boolean(target.closest("a, button"));
