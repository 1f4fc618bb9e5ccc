// @ts-check
/** Measures how long the page was visible. */

export class Clock {
  /** @param {() => number} [now] milliseconds */
  constructor(now = () => performance.now()) {
    this.now = now;
    this.visibleTime = 0;
    /** When the page became visible. @type {number | null} */
    this.since = null;
  }

  /** @param {boolean} isVisible whether the page is visible from now on */
  setVisible(isVisible) {
    if (this.since !== null) this.visibleTime += this.now() - this.since;
    this.since = isVisible ? this.now() : null;
  }

  /** Start from zero, because a new page was painted. */
  restart() {
    this.visibleTime = 0;
    if (this.since !== null) this.since = this.now();
  }

  /** Return the visible seconds since the last lap or restart. */
  lap() {
    this.setVisible(this.since !== null);
    const seconds = this.visibleTime / 1000;
    this.visibleTime = 0;
    return seconds;
  }
}
