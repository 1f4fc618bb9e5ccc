// @ts-check
/** Which key does what. Every one can be changed, and no act needs two keys at once. */

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

/** Keys that mean the same everywhere: they move, confirm and leave. */
const FIXED = new Set(["Enter", "Escape", "Tab", " ", "Home", "End", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export class Keymap {
  /** @param {string | null} [stored] what `stored` gave */
  constructor(stored) {
    /** @type {Record<string, readonly string[]>} */
    this.keys = { ...DEFAULTS };
    for (const [act, keys] of Object.entries(readable(stored))) {
      if (act in DEFAULTS && Array.isArray(keys)) this.keys[act] = keys.map(String);
    }
  }

  /** Only what differs from the defaults, as text. */
  stored() {
    return JSON.stringify(Object.fromEntries(Object.entries(this.keys).filter(([act, keys]) => keys !== DEFAULTS[act])));
  }

  /**
   * The act that a key means, if any. Letters mean the same with Shift or Caps Lock.
   * @param {string} key
   */
  actOf(key) {
    const wanted = plain(key);
    return Object.keys(this.keys).find((act) => this.keys[act].includes(wanted));
  }

  /**
   * Why a key cannot be given to an act; empty where it can.
   * @param {string} act
   * @param {string} key
   */
  conflict(act, key) {
    if (FIXED.has(key)) return "This key moves, confirms or leaves; choose another.";
    if ([...key].length !== 1) return "Choose a letter, a digit or a sign.";
    const other = this.actOf(key);
    return other && other !== act ? `This key means “${other.replace("-", " ")}”; choose another.` : "";
  }

  /**
   * Give an act a key of its own in place of those that it had.
   * @param {string} act
   * @param {string} key
   * @returns {string} why not, empty where it was done
   */
  set(act, key) {
    const why = this.conflict(act, key);
    if (!why) this.keys[act] = [plain(key)];
    return why;
  }

  reset() {
    this.keys = { ...DEFAULTS };
  }
}

/** @param {string} key */
const plain = (key) => (key.length === 1 ? key.toLowerCase() : key);

/**
 * @param {string | null | undefined} stored
 * @returns {Record<string, unknown>}
 */
function readable(stored) {
  try {
    return Object(JSON.parse(stored || "{}"));
  } catch {
    return {};
  }
}
