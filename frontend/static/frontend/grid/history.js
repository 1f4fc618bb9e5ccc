// @ts-check
/** What Undo and Redo go through: every act of this sitting, across pages. */

/**
 * @typedef {object} Change what an act did to one tile
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
   * @param {string | null} [stored] what `stored` gave, so that a reload forgets nothing
   */
  constructor(stored) {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    try {
      Object.assign(this, JSON.parse(stored || "{}"));
    } catch {
      // What cannot be read is forgotten.
    }
  }

  /** As text, to be given to the next `History`. */
  stored() {
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
   * The act to take back. It stays until `undid` says that it was.
   * @returns {Step | undefined}
   */
  last() {
    return this.done.at(-1);
  }

  /** The last act was taken back and can be done again. */
  undid() {
    const step = this.done.pop();
    if (step) this.undone.push(step);
  }

  /** The last act cannot be taken back; nothing can be done again. */
  forget() {
    this.done.pop();
    this.undone = [];
  }

  /**
   * The act to do again, already back among those that are done.
   * @returns {Step | undefined}
   */
  redo() {
    const step = this.undone.pop();
    if (step) this.done.push(step);
    return step;
  }
}

/**
 * Whether a step can be undone on a page that is submitted: there a verdict can be
 * changed for another, and not be taken back.
 * @param {Step} step
 */
export const leavesGaps = (step) => step.changes.some((change) => !change.before);
