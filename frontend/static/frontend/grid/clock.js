// @ts-check
/** Measures looking: time counts only while the page is visible. */

export class Clock {
  /** @param {() => number} [now] milliseconds */
  constructor(now = () => performance.now()) {
    this.now = now;
    this.looked = 0;
    /** @type {number | null} */
    this.since = null;
  }

  /**
   * Tell whether the page can be seen now.
   * @param {boolean} isVisible
   */
  see(isVisible) {
    if (this.since !== null) this.looked += this.now() - this.since;
    this.since = isVisible ? this.now() : null;
  }

  /** Forget what was counted; a page has just been painted. */
  restart() {
    this.looked = 0;
    if (this.since !== null) this.since = this.now();
  }

  /** Seconds of looking since the last lap or restart. */
  lap() {
    this.see(this.since !== null);
    const seconds = this.looked / 1000;
    this.looked = 0;
    return seconds;
  }
}
