// What is on its way: nothing is lost, nothing is sent twice at once, order is kept.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Outbox } from "../../static/frontend/grid/outbox.js";

/** A shelf in memory, with what is refused beside it. */
class MemoryShelf {
  rows = new Map();
  kept = [];
  async put(entries) {
    for (const entry of entries) this.rows.set(entry.id, entry);
  }
  async drop(entries) {
    for (const { id } of entries) this.rows.delete(id);
  }
  async all() {
    return [...this.rows.values()];
  }
  async refuse(refused) {
    this.kept.push(...refused);
  }
}

const recorded = (marks) => ({ status: 200, wait: 0, body: { results: marks.map(({ id }) => ({ id, status: "recorded" })) } });
const mark = (id, more = {}) => ({ id, assignment: 1, candidate: `1.${id}`, verdict: "yes", ...more });
const submission = (id) => ({ id, assignment: 1, submit: true });

let shelf, sent, told, answers, answer, repair;

function makeOutbox() {
  return new Outbox(shelf, {
    send: async (marks) => {
      sent.push(marks.map(({ id }) => id));
      return answer(marks);
    },
    submit: async (assignment) => {
      sent.push(`submit ${assignment}`);
      return answer([]);
    },
    trouble: async ({ status }) => {
      if (status === 0) return "offline";
      if (status === 403) return repair();
      return status >= 500 ? "server" : null;
    },
    answered: ({ entry, outcome }) => answers.push([entry.id, outcome.status, outcome.reason]),
    changed: () => {},
    alone: (work) => work(),
    tell: (news) => told.push(news),
  });
}

beforeEach(() => {
  shelf = new MemoryShelf();
  [sent, told, answers] = [[], [], []];
  answer = recorded;
  repair = () => "signed-out";
});

test("a mark is kept before it is sent, and dropped when it is answered for", async () => {
  const outbox = makeOutbox();
  let keptWhenSent;
  answer = (marks) => {
    keptWhenSent = shelf.rows.has("a");
    return recorded(marks);
  };
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.equal(keptWhenSent, true);
  assert.equal(shelf.rows.size, 0);
  assert.deepEqual(answers, [["a", "recorded", undefined]]);
  assert.equal(outbox.state, "saved");
});

test("marks that follow each other closely travel together", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const outbox = makeOutbox();
  for (const id of ["a", "b", "c"]) {
    await outbox.add(mark(id));
    t.mock.timers.tick(900);
  }
  assert.deepEqual([sent, shelf.rows.size], [[], 3]);
  t.mock.timers.tick(100);
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b", "c"]]);
});

test("no mark waits long for others to travel with", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const outbox = makeOutbox();
  for (let n = 0; n < 10; n += 1) {
    assert.equal(outbox.isSending, false);
    await outbox.add(mark(`m${n}`));
    t.mock.timers.tick(500);
  }
  assert.equal(outbox.isSending, true);
});

test("without a network marks stay, and are sent once each when it is back", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  await outbox.add(mark("b"));
  assert.deepEqual([outbox.state, outbox.size, shelf.rows.size], ["offline", 2, 2]);
  answer = recorded;
  sent = [];
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b"]]);
  assert.equal(outbox.size, 0);
});

test("what an earlier visit left is sent by the next one", async () => {
  await shelf.put([mark("b"), mark("a")]);
  const outbox = makeOutbox();
  await outbox.open();
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b"]]);
});

test("a page is handed in after its marks and before those that follow", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"), submission("b"), mark("c"));
  await outbox.settled();
  answer = recorded;
  sent = [];
  await outbox.settled();
  assert.deepEqual(sent, [["a"], "submit 1", ["c"]]);
});

test("a page that is not taken tells what is missing, and is not sent again", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 409, wait: 0, body: { missing: ["1.0"] } });
  await outbox.add(submission("a"));
  await outbox.settled();
  assert.deepEqual(answers, [["a", "refused", "not-submitted"]]);
  assert.equal(outbox.size, 0);
  assert.deepEqual(shelf.kept, []);
});

test("a refused mark is kept apart, unless nothing is asked any more", async () => {
  const outbox = makeOutbox();
  const reasons = { a: "lease-lost", b: "ruled" };
  answer = (marks) => ({
    status: 200,
    wait: 0,
    body: { results: marks.map(({ id }) => ({ id, status: "refused", reason: reasons[id] })) },
  });
  await outbox.add(mark("a"), mark("b"));
  await outbox.settled();
  assert.deepEqual(
    shelf.kept.map(({ entry, reason }) => [entry.id, reason]),
    [["a", "lease-lost"]],
  );
  assert.equal(shelf.rows.size, 0);
});

test("a mark without a word in the answer counts as refused", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 200, wait: 0, body: { results: [] } });
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.deepEqual(answers, [["a", "refused", "not-understood"]]);
});

test("at most a hundred marks go at once", async () => {
  const outbox = makeOutbox();
  const many = Array.from({ length: 250 }, (_, n) => mark(String(n).padStart(3, "0")));
  await outbox.add(...many);
  await outbox.settled();
  assert.deepEqual(
    sent.map((marks) => marks.length),
    [100, 100, 50],
  );
});

test("after the same person signed in again marks go at once, and only once", async () => {
  const outbox = makeOutbox();
  repair = () => "again";
  const statuses = [403];
  answer = (marks) => (statuses.length ? { status: statuses.pop(), body: null, wait: 0 } : recorded(marks));
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.deepEqual(sent, [["a"], ["a"]]);
  assert.equal(outbox.state, "saved");
});

test("a server that keeps refusing the person is not asked without end", async () => {
  const outbox = makeOutbox();
  repair = () => "again";
  answer = () => ({ status: 403, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.equal(sent.length, 2);
  assert.equal(outbox.size, 1);
  clearTimeout(outbox.timer);
});

test("a signed-out judge's marks wait", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 403, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.deepEqual([outbox.state, outbox.size], ["signed-out", 1]);
  clearTimeout(outbox.timer);
});

test("what another tab sent does not wait here any more", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  outbox.hear([{ entry: mark("a"), outcome: { status: "recorded" } }]);
  assert.deepEqual([outbox.size, outbox.state], [0, "saved"]);
  assert.deepEqual(answers, [["a", "recorded", undefined]]);
  clearTimeout(outbox.timer);
});

test("the other tabs are told what became of what was sent", async () => {
  const outbox = makeOutbox();
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.equal(told.length, 1);
  assert.equal(told[0][0].entry.id, "a");
});
