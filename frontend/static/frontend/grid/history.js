// @ts-check
/** The steps for undo and redo in this session, across pages. */

/**
 * @typedef {object} Change the effect of a step on one tile
 * @property {string} tile
 * @property {string} before verdict, empty for none
 * @property {string} after
 * @property {string} [reasonBefore]
 * @property {string} [reasonAfter]
 *
 * @typedef {{page: number, changes: Change[]}} Step a fill or a stroke is one step
 */

const LONGEST = 1000;

export class History {
  /**
   * @param {string | null} [text] the text from `serialize`, so that a reload keeps the history
   */
  constructor(text) {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    try {
      Object.assign(this, JSON.parse(text || "{}"));
    } catch {
      // Start with an empty history if the text is damaged.
    }
  }

  /** Return the history as text for the next `History`. */
  serialize() {
    return JSON.stringify({ done: this.done, undone: this.undone });
  }

  /** @param {Step} step */
  push(step) {
    if (!step.changes.length) return;
    this.done.push(step);
    if (this.done.length > LONGEST) this.done.shift();
    this.undone = [];
  }

  /**
   * Return the step to undo. It stays in the history until `moveToUndone`.
   * @returns {Step | undefined}
   */
  last() {
    return this.done.at(-1);
  }

  /** Record that the last step was undone, so that it can be redone. */
  moveToUndone() {
    const step = this.done.pop();
    if (step) this.undone.push(step);
  }

  /** Drop the last step, because it cannot be undone. Nothing can be redone then. */
  forget() {
    this.done.pop();
    this.undone = [];
  }

  /**
   * Return the step to redo. It is already back among the steps that are done.
   * @returns {Step | undefined}
   */
  redo() {
    const step = this.undone.pop();
    if (step) this.done.push(step);
    return step;
  }
}

/**
 * Whether undoing a step would leave a tile without a verdict. On a submitted page, verdicts can be changed but
 * not removed.
 * @param {Step} step
 */
export const leavesGaps = (step) => step.changes.some((change) => !change.before);
