// @ts-check
/**
 * The outbox: marks and submissions that wait to be sent. Each item is stored in the browser and sent again until
 * the server has answered for it. One tab sends at a time. The other tabs receive the results.
 */

/**
 * @typedef {object} Mark
 * @property {string} id
 * @property {number} assignment
 * @property {string} candidate tile id
 * @property {string | null} verdict null removes the mark
 * @property {string} decided_at
 * @property {number} seconds
 * @property {"key" | "click" | "fill"} how
 * @property {string} [reason]
 *
 * @typedef {{id: string, assignment: number, submit: true}} Submission a submitted page
 * @typedef {Mark | Submission} Item
 *
 * @typedef {object} Outcome
 * @property {"recorded" | "replayed" | "refused"} status
 * @property {string} [reason]
 * @property {any} [problem] of a refused page: the tiles that are missing or lost
 *
 * @typedef {"saved" | "saving" | "offline" | "signed-out" | "server"} State
 * @typedef {{item: Item, outcome: Outcome}} Result
 *
 * @typedef {object} Services the functions that the outbox calls
 * @property {(marks: Mark[]) => Promise<import("./api.js").Answer>} send
 * @property {(assignment: number) => Promise<import("./api.js").Answer>} submit
 * @property {(answer: import("./api.js").Answer) => Promise<import("./api.js").Problem | null>} callProblem
 * @property {(result: Result) => void} onResult
 * @property {(state: State, waitingCount: number) => void} onChange
 * @property {(work: () => Promise<void>) => Promise<void>} runAlone run while no other tab runs this
 * @property {(results: Result[]) => void} tellOtherTabs
 *
 * @typedef {Pick<import("./outbox_storage.js").OutboxStorage, "put" | "drop" | "all" | "refuse">} Storage
 */

const LARGEST_REQUEST = 100; // marks
const LONGEST_RETRY_DELAY = 30_000;
// Marks in quick succession are sent together: after a quiet moment, and never later than the longest delay.
const QUIET_DELAY = 1000;
const LONGEST_DELAY = 5000;
/** Refusals that only mean that no verdict is needed any more. Their marks need not be kept. */
const NOT_NEEDED = new Set(["ruled", "erased", "submitted"]);

/**
 * @param {Item} item
 * @returns {item is Submission}
 */
export const isSubmission = (item) => "submit" in item;

export class Outbox {
  /**
   * @param {Storage} storage
   * @param {Services} services
   */
  constructor(storage, services) {
    this.storage = storage;
    this.services = services;
    /** Items without an answer, by id. @type {Map<string, Item>} */
    this.waiting = new Map();
    /** @type {State} */
    this.state = "saved";
    this.failureCount = 0;
    this.isSending = false;
    this.hasRetried = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** When the first of the delayed marks was added, or 0. */
    this.delayedSince = 0;
    /** @type {Array<() => void>} */
    this.waiters = [];
  }

  /** The number of items without an answer. */
  get size() {
    return this.waiting.size;
  }

  /** Send the items that earlier visits left. */
  async open() {
    await this.loadStored();
    if (this.size) this.pump();
    else this.onEmpty();
  }

  /** @returns {Mark[]} the marks that wait, in the order in which they were made */
  marks() {
    return this.inOrder().filter((item) => !isSubmission(item));
  }

  /** @param {Item[]} items */
  async add(...items) {
    if (!items.length) return;
    for (const item of items) this.waiting.set(item.id, item);
    // While the network is down, a new mark must not advance the next attempt.
    this.setState(this.failureCount ? this.state : "saving");
    await this.storage.put(items);
    if (this.failureCount) return;
    if (items.some(isSubmission)) this.pump();
    else this.pumpSoon();
  }

  pumpSoon() {
    const now = Date.now();
    this.delayedSince ||= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), Math.min(QUIET_DELAY, this.delayedSince + LONGEST_DELAY - now));
  }

  /** Send at once, because the network is back or the visibility of the page changed. */
  hurry() {
    this.pump();
  }

  /** Resolve when nothing waits or the current attempt has failed. */
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
   * Handle results that another tab received.
   * @param {Result[]} results
   */
  receive(results) {
    for (const { item } of results) this.waiting.delete(item.id);
    for (const result of results) this.services.onResult(result);
    if (!this.size) this.onEmpty();
  }

  async pump() {
    if (this.isSending) return;
    clearTimeout(this.timer);
    this.delayedSince = 0;
    this.isSending = true;
    try {
      await this.services.runAlone(async () => {
        await this.loadStored();
        while (this.size && (await this.sendNext()));
      });
    } finally {
      this.isSending = false;
      for (const resolve of this.waiters.splice(0)) resolve();
    }
    if (!this.size) this.onEmpty();
  }

  onEmpty() {
    this.failureCount = 0;
    this.setState("saved");
  }

  /** Load the stored items: tabs that are closed now may have left some. */
  async loadStored() {
    for (const item of await this.storage.all()) this.waiting.set(item.id, item);
  }

  /** @returns {any[]} the items in the order in which they were made, which is the order of their ids */
  inOrder() {
    return [...this.waiting.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Send the next marks or the next submission. Return whether the server answered. */
  async sendNext() {
    const queue = this.inOrder();
    const stop = queue.findIndex(isSubmission);
    const marks = queue.slice(0, stop < 0 ? LARGEST_REQUEST : Math.min(stop, LARGEST_REQUEST));
    const items = marks.length ? marks : queue.slice(0, 1);
    if (!this.failureCount) this.setState("saving");
    const answer = marks.length ? await this.services.send(marks) : await this.services.submit(items[0].assignment);
    const problem = await this.services.callProblem(answer);
    if (problem === "again" && !this.hasRetried) {
      this.hasRetried = true;
      return true;
    }
    this.hasRetried = false;
    if (problem) {
      this.retryLater(problem === "again" ? "server" : problem, answer.wait);
      return false;
    }
    this.failureCount = 0;
    await this.finish(marks.length ? markResults(marks, answer) : [submissionResult(items[0], answer)]);
    return true;
  }

  /** @param {Result[]} results */
  async finish(results) {
    for (const { item } of results) this.waiting.delete(item.id);
    const refused = results
      .filter(({ item, outcome }) => outcome.status === "refused" && !isSubmission(item))
      .map(({ item, outcome }) => ({ item, reason: outcome.reason ?? "" }))
      .filter(({ reason }) => !NOT_NEEDED.has(reason));
    // Store the refused marks before dropping the items, so that a tab that crashes in between loses nothing.
    if (refused.length) await this.storage.refuse(refused);
    await this.storage.drop(results.map(({ item }) => item));
    this.services.tellOtherTabs(results);
    for (const result of results) this.services.onResult(result);
  }

  /**
   * @param {State} problem
   * @param {number} seconds that the server asks to wait
   */
  retryLater(problem, seconds) {
    this.failureCount += 1;
    this.setState(problem);
    const backOff = Math.min(LONGEST_RETRY_DELAY, 500 * 2 ** this.failureCount);
    const delay = Math.max(seconds * 1000, backOff * (0.75 + Math.random() / 2));
    this.timer = setTimeout(() => this.pump(), delay);
  }

  /** @param {State} state */
  setState(state) {
    this.state = state;
    this.services.onChange(state, this.size);
  }
}

/**
 * @param {Mark[]} marks
 * @param {import("./api.js").Answer} answer
 * @returns {Result[]} a mark without a result in the answer counts as refused, because it will never be accepted
 */
function markResults(marks, answer) {
  const outcomes = new Map((answer.body?.results ?? []).map((/** @type {any} */ outcome) => [outcome.id, outcome]));
  const missing = { status: /** @type {const} */ ("refused"), reason: "not-understood" };
  return marks.map((item) => ({ item, outcome: outcomes.get(item.id) ?? missing }));
}

/**
 * @param {Submission} item
 * @param {import("./api.js").Answer} answer
 * @returns {Result}
 */
function submissionResult(item, answer) {
  if (answer.status === 200) return { item, outcome: { status: "recorded" } };
  return { item, outcome: { status: "refused", reason: "not-submitted", problem: answer.body } };
}
