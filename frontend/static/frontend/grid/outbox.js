// @ts-check
/**
 * Marks on their way to the server. Each is kept in the browser until the server has
 * answered for it, and sent again under the same id until then.
 */

/**
 * @typedef {object} Mark
 * @property {string} id
 * @property {number} assignment
 * @property {string} candidate tile id
 * @property {string | null} verdict null takes the mark back
 * @property {string} decided_at
 * @property {number} seconds
 * @property {"key" | "click" | "fill"} how
 * @property {string} [reason]
 *
 * @typedef {{id: string, status: "recorded" | "replayed" | "refused", reason?: string | null}} Outcome
 * @typedef {"saved" | "saving" | "offline" | "signed-out" | "server"} State
 *
 * @typedef {object} Doors what the outbox needs from outside
 * @property {(marks: Mark[]) => Promise<import("./api.js").Answer>} send
 * @property {(answer: import("./api.js").Answer) => "offline" | "signed-out" | "server" | null} trouble
 * @property {(mark: Mark, outcome: Outcome) => void} answered
 * @property {(state: State, waiting: number) => void} changed
 */

const AT_ONCE = 100;
const LONGEST_WAIT = 30_000;

export class Outbox {
  /**
   * @param {import("./shelf.js").Shelf} shelf
   * @param {Doors} doors
   */
  constructor(shelf, doors) {
    this.shelf = shelf;
    this.doors = doors;
    /** @type {Mark[]} in the order in which they were made */
    this.marks = shelf.all();
    /** @type {State} */
    this.state = "saved";
    this.failures = 0;
    this.isSending = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Array<() => void>} */
    this.waiters = [];
  }

  /** How many marks the server has not answered for. */
  get size() {
    return this.marks.length;
  }

  /** @param {Mark[]} marks */
  add(...marks) {
    for (const mark of marks) this.shelf.put(mark);
    this.marks.push(...marks);
    // While the network is away, a new mark must not hurry the next attempt.
    if (this.failures) this.doors.changed(this.state, this.size);
    else this.pump();
  }

  /** Try at once: the network came back, or somebody looks at the page again. */
  hurry() {
    this.pump();
  }

  /** Resolves when nothing waits, or the present attempt has failed. */
  settled() {
    return new Promise((/** @type {(value?: any) => void} */ resolve) => {
      if (!this.size) resolve();
      else {
        this.waiters.push(resolve);
        this.hurry();
      }
    });
  }

  async pump() {
    if (this.isSending) return;
    clearTimeout(this.timer);
    this.isSending = true;
    try {
      while (this.size && (await this.sendSome()));
    } finally {
      this.isSending = false;
      for (const resolve of this.waiters.splice(0)) resolve();
    }
    if (!this.size) this.show("saved");
  }

  /** Send what waits, and return whether the server answered. */
  async sendSome() {
    const marks = this.marks.slice(0, AT_ONCE);
    if (!this.failures) this.show("saving");
    const answer = await this.doors.send(marks);
    const why = this.doors.trouble(answer);
    if (why) {
      this.retryLater(why, answer.wait);
      return false;
    }
    this.failures = 0;
    this.settle(marks, answer);
    return true;
  }

  /**
   * @param {Mark[]} marks
   * @param {import("./api.js").Answer} answer
   */
  settle(marks, answer) {
    /** @type {Map<string, Outcome>} */
    const outcomes = new Map((answer.body?.results ?? []).map((/** @type {Outcome} */ o) => [o.id, o]));
    const sent = new Set(marks.map((mark) => mark.id));
    this.marks = this.marks.filter((mark) => !sent.has(mark.id));
    for (const mark of marks) {
      this.shelf.drop(mark);
      // An answer without a word on a mark is one that will never take it.
      const lost = { id: mark.id, status: /** @type {const} */ ("refused"), reason: "not-understood" };
      this.doors.answered(mark, outcomes.get(mark.id) ?? lost);
    }
  }

  /**
   * @param {"offline" | "signed-out" | "server"} why
   * @param {number} seconds
   */
  retryLater(why, seconds) {
    this.failures += 1;
    this.show(why);
    const backOff = Math.min(LONGEST_WAIT, 500 * 2 ** this.failures);
    const wait = Math.max(seconds * 1000, backOff * (0.75 + Math.random() / 2));
    this.timer = setTimeout(() => this.pump(), wait);
  }

  /** @param {State} state */
  show(state) {
    this.state = state;
    this.doors.changed(state, this.size);
  }
}
