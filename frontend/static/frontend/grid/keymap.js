// @ts-check
/** The keys of the actions. Each key can be changed, and no action needs two keys at once. */

/** @type {Readonly<Record<string, readonly string[]>>} */
export const DEFAULTS = Object.freeze({
  yes: ["1", "y"],
  no: ["2", "n"],
  broken: ["3", "b"],
  "rest-yes": ["r"],
  "rest-no": ["t"],
  skip: ["s"],
  comment: ["c"],
  report: ["p"],
  undo: ["u"],
  redo: ["i"],
  zoom: ["z"],
  full: ["f"],
  source: ["o"],
  guidelines: ["g"],
  keys: ["?"],
});

/** Keys with a fixed meaning: they move, confirm or close. */
const FIXED = new Set([
  "Enter",
  "Escape",
  "Tab",
  " ",
  "Home",
  "End",
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
]);

export class Keymap {
  /** @param {string | null} [text] the text from `serialize` */
  constructor(text) {
    /** @type {Record<string, readonly string[]>} */
    this.keys = { ...DEFAULTS };
    for (const [action, keys] of Object.entries(parse(text))) {
      if (action in DEFAULTS && Array.isArray(keys)) this.keys[action] = keys.map(String);
    }
  }

  /** Return only the changed keys, as text. */
  serialize() {
    const changes = Object.entries(this.keys).filter(([action, keys]) => keys !== DEFAULTS[action]);
    return JSON.stringify(Object.fromEntries(changes));
  }

  /**
   * Return the action of a key, if any. Shift and Caps Lock do not change the meaning of letters.
   * @param {string} key
   */
  actionOf(key) {
    const plainKey = plain(key);
    return Object.keys(this.keys).find((action) => this.keys[action].includes(plainKey));
  }

  /**
   * Return why an action cannot have this key, or an empty string if it can.
   * @param {string} action
   * @param {string} key
   */
  conflict(action, key) {
    if (FIXED.has(key)) return "This key moves, confirms or closes. Choose another key.";
    if ([...key].length !== 1) return "Choose a letter, a digit or a sign.";
    const other = this.actionOf(key);
    return other && other !== action ? `This key is for “${other.replace("-", " ")}”. Choose another key.` : "";
  }

  /**
   * Replace the keys of an action by this key.
   * @param {string} action
   * @param {string} key
   * @returns {string} the reason if the key is refused, else an empty string
   */
  set(action, key) {
    const problem = this.conflict(action, key);
    if (!problem) this.keys[action] = [plain(key)];
    return problem;
  }

  reset() {
    this.keys = { ...DEFAULTS };
  }
}

/** @param {string} key */
const plain = (key) => (key.length === 1 ? key.toLowerCase() : key);

/**
 * @param {string | null | undefined} text
 * @returns {Record<string, unknown>}
 */
function parse(text) {
  try {
    return Object(JSON.parse(text || "{}"));
  } catch {
    return {};
  }
}
