// @ts-check
/**
 * What is on its way to the server: marks, and pages handed in. Each entry is kept in
 * the browser until the server has answered for it, and sent again until then. One tab
 * sends at a time; the others hear what became of it.
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
 * @typedef {{id: string, assignment: number, submit: true}} Submission a page handed in
 * @typedef {Mark | Submission} Entry
 *
 * @typedef {object} Outcome
 * @property {"recorded" | "replayed" | "refused"} status
 * @property {string} [reason]
 * @property {any} [problem] of a page that was not taken: what is missing, what is lost
 *
 * @typedef {"saved" | "saving" | "offline" | "signed-out" | "server"} State
 * @typedef {{entry: Entry, outcome: Outcome}} News
 *
 * @typedef {object} Doors what the outbox needs from outside
 * @property {(marks: Mark[]) => Promise<import("./api.js").Answer>} send
 * @property {(assignment: number) => Promise<import("./api.js").Answer>} submit
 * @property {(answer: import("./api.js").Answer) => Promise<"again" | State | null>} trouble
 * @property {(news: News) => void} answered
 * @property {(state: State, waiting: number) => void} changed
 * @property {(work: () => Promise<void>) => Promise<void>} alone do it while no other tab does
 * @property {(news: News[]) => void} tell the other tabs
 *
 * @typedef {Pick<import("./shelf.js").Shelf, "put" | "drop" | "all" | "refuse">} Keeper
 */

const AT_ONCE = 100;
const LONGEST_WAIT = 30_000;
// Marks that follow each other closely travel together: kept at once, sent when nothing
// came for a moment, and never later than this.
const QUIET = 1000;
const LONGEST_QUIET = 5000;
/** Refusals that only say that nothing is asked any more; there is nothing to keep. */
const SETTLED = new Set(["ruled", "erased", "submitted"]);

/**
 * @param {Entry} entry
 * @returns {entry is Submission}
 */
export const isSubmission = (entry) => "submit" in entry;

export class Outbox {
  /**
   * @param {Keeper} shelf
   * @param {Doors} doors
   */
  constructor(shelf, doors) {
    this.shelf = shelf;
    this.doors = doors;
    /** @type {Map<string, Entry>} what the server has not answered for, by id */
    this.waiting = new Map();
    /** @type {State} */
    this.state = "saved";
    this.failures = 0;
    this.isSending = false;
    this.hasRetried = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** When the first of the marks came that wait for others to travel with. */
    this.since = 0;
    /** @type {Array<() => void>} */
    this.waiters = [];
  }

  /** How much the server has not answered for. */
  get size() {
    return this.waiting.size;
  }

  /** Take up what earlier visits could not send. */
  async open() {
    await this.collect();
    if (this.size) this.pump();
    else this.rest();
  }

  /** @returns {Mark[]} the marks that wait, in the order in which they were made */
  marks() {
    return this.inOrder().filter((entry) => !isSubmission(entry));
  }

  /** @param {Entry[]} entries */
  async add(...entries) {
    if (!entries.length) return;
    for (const entry of entries) this.waiting.set(entry.id, entry);
    // While the network is away, a new mark must not hurry the next attempt.
    this.show(this.failures ? this.state : "saving");
    await this.shelf.put(entries);
    if (this.failures) return;
    if (entries.some(isSubmission)) this.pump();
    else this.soon();
  }

  soon() {
    const now = Date.now();
    this.since ||= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), Math.min(QUIET, this.since + LONGEST_QUIET - now));
  }

  /** Send at once: the network came back, or the page is looked at again, or left. */
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

  /**
   * Another tab has had answers.
   * @param {News[]} news
   */
  hear(news) {
    for (const { entry } of news) this.waiting.delete(entry.id);
    for (const each of news) this.doors.answered(each);
    if (!this.size) this.rest();
  }

  async pump() {
    if (this.isSending) return;
    clearTimeout(this.timer);
    this.since = 0;
    this.isSending = true;
    try {
      await this.doors.alone(async () => {
        await this.collect();
        while (this.size && (await this.sendSome()));
      });
    } finally {
      this.isSending = false;
      for (const resolve of this.waiters.splice(0)) resolve();
    }
    if (!this.size) this.rest();
  }

  rest() {
    this.failures = 0;
    this.show("saved");
  }

  /** Other tabs, closed ones among them, may have left something on the shelf. */
  async collect() {
    for (const entry of await this.shelf.all()) this.waiting.set(entry.id, entry);
  }

  /** @returns {any[]} ids are made so that they sort in the order of their making */
  inOrder() {
    return [...this.waiting.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Send what comes next, and return whether the server answered. */
  async sendSome() {
    const queue = this.inOrder();
    const stop = queue.findIndex(isSubmission);
    const marks = queue.slice(0, stop < 0 ? AT_ONCE : Math.min(stop, AT_ONCE));
    const sent = marks.length ? marks : queue.slice(0, 1);
    if (!this.failures) this.show("saving");
    const answer = marks.length ? await this.doors.send(marks) : await this.doors.submit(sent[0].assignment);
    const why = await this.doors.trouble(answer);
    if (why === "again" && !this.hasRetried) {
      this.hasRetried = true;
      return true;
    }
    this.hasRetried = false;
    if (why) {
      this.retryLater(why === "again" ? "server" : why, answer.wait);
      return false;
    }
    this.failures = 0;
    await this.settle(marks.length ? outcomesOf(marks, answer) : [{ entry: sent[0], outcome: outcomeOf(answer) }]);
    return true;
  }

  /** @param {News[]} news */
  async settle(news) {
    for (const { entry } of news) this.waiting.delete(entry.id);
    const refused = news
      .filter(({ entry, outcome }) => outcome.status === "refused" && !isSubmission(entry))
      .map(({ entry, outcome }) => ({ entry, reason: outcome.reason ?? "" }))
      .filter(({ reason }) => !SETTLED.has(reason));
    // First kept as refused, then dropped: a tab that dies in between loses nothing.
    if (refused.length) await this.shelf.refuse(refused);
    await this.shelf.drop(news.map(({ entry }) => entry));
    this.doors.tell(news);
    for (const each of news) this.doors.answered(each);
  }

  /**
   * @param {State} why
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

/**
 * @param {Mark[]} marks
 * @param {import("./api.js").Answer} answer
 * @returns {News[]} a mark without a word of its own will never be taken
 */
function outcomesOf(marks, answer) {
  const said = new Map((answer.body?.results ?? []).map((/** @type {any} */ outcome) => [outcome.id, outcome]));
  const lost = { status: /** @type {const} */ ("refused"), reason: "not-understood" };
  return marks.map((entry) => ({ entry, outcome: said.get(entry.id) ?? lost }));
}

/**
 * @param {import("./api.js").Answer} answer
 * @returns {Outcome} of a page that was handed in
 */
function outcomeOf(answer) {
  if (answer.status === 200) return { status: "recorded" };
  return { status: "refused", reason: "not-submitted", problem: answer.body };
}
