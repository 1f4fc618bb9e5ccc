// @ts-check
/** Keeps unsent marks in the browser, so that a closed tab or a crash loses none. */

/** @typedef {import("./outbox.js").Mark} Mark */

export class Shelf {
  /**
   * Each person has an own shelf: marks are never sent under another name.
   * @param {string} person
   * @param {Storage | null} [storage]
   */
  constructor(person, storage = browserStorage()) {
    this.storage = storage;
    this.prefix = `labeler.mark.${person}.`;
  }

  // One key a mark, not one list: two tabs can then never overwrite each other.
  /** @param {Mark} mark */
  key(mark) {
    return `${this.prefix}${mark.assignment}.${mark.id}`;
  }

  /** @param {Mark} mark */
  put(mark) {
    try {
      this.storage?.setItem(this.key(mark), JSON.stringify(mark));
    } catch {
      // Full or forbidden: the mark still lies in memory and is still sent.
    }
  }

  /** @param {Mark} mark */
  drop(mark) {
    try {
      this.storage?.removeItem(this.key(mark));
    } catch {
      // Nothing was kept.
    }
  }

  /**
   * What an earlier visit could not send, oldest first.
   * @returns {Mark[]}
   */
  all() {
    try {
      const storage = this.storage ?? /** @type {Storage} */ (/** @type {unknown} */ ({}));
      return Object.keys(storage)
        .filter((key) => key.startsWith(this.prefix))
        .map((key) => JSON.parse(storage.getItem(key) ?? "null"))
        .filter(Boolean)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    } catch {
      return [];
    }
  }
}

/** Reading it throws where the browser forbids storage. */
function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
