// The outbox loses nothing, sends nothing twice at once, and keeps the order.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Outbox } from "../../static/frontend/grid/outbox.js";

/** A storage in memory, with the refused marks. */
class MemoryStorage {
  rows = new Map();
  refused = [];
  async put(items) {
    for (const item of items) this.rows.set(item.id, item);
  }
  async drop(items) {
    for (const { id } of items) this.rows.delete(id);
  }
  async all() {
    return [...this.rows.values()];
  }
  async refuse(marks) {
    this.refused.push(...marks);
  }
}

const recorded = (marks) => ({
  status: 200,
  wait: 0,
  body: { results: marks.map(({ id }) => ({ id, status: "recorded" })) },
});
const mark = (id, more = {}) => ({ id, assignment: 1, candidate: `1.${id}`, verdict: "yes", ...more });
const submission = (id) => ({ id, assignment: 1, submit: true });

let storage, sent, messages, results, answer, checkPerson;

function makeOutbox() {
  return new Outbox(storage, {
    send: async (marks) => {
      sent.push(marks.map(({ id }) => id));
      return answer(marks);
    },
    submit: async (assignment) => {
      sent.push(`submit ${assignment}`);
      return answer([]);
    },
    callProblem: async ({ status }) => {
      if (status === 0) return "offline";
      if (status === 403) return checkPerson();
      return status >= 500 ? "server" : null;
    },
    onResult: ({ item, outcome }) => results.push([item.id, outcome.status, outcome.reason]),
    onChange: () => {},
    runAlone: (work) => work(),
    tellOtherTabs: (news) => messages.push(news),
  });
}

beforeEach(() => {
  storage = new MemoryStorage();
  [sent, messages, results] = [[], [], []];
  answer = recorded;
  checkPerson = () => "signed-out";
});

test("a mark is stored before it is sent, and dropped after the answer", async () => {
  const outbox = makeOutbox();
  let storedWhenSent;
  answer = (marks) => {
    storedWhenSent = storage.rows.has("a");
    return recorded(marks);
  };
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.equal(storedWhenSent, true);
  assert.equal(storage.rows.size, 0);
  assert.deepEqual(results, [["a", "recorded", undefined]]);
  assert.equal(outbox.state, "saved");
});

test("marks in quick succession are sent together", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const outbox = makeOutbox();
  for (const id of ["a", "b", "c"]) {
    await outbox.add(mark(id));
    t.mock.timers.tick(900);
  }
  assert.deepEqual([sent, storage.rows.size], [[], 3]);
  t.mock.timers.tick(100);
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b", "c"]]);
});

test("no mark waits long for others", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const outbox = makeOutbox();
  for (let n = 0; n < 10; n += 1) {
    assert.equal(outbox.isSending, false);
    await outbox.add(mark(`m${n}`));
    t.mock.timers.tick(500);
  }
  assert.equal(outbox.isSending, true);
});

test("without a network, marks wait, and each is sent once when it is back", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  await outbox.add(mark("b"));
  assert.deepEqual([outbox.state, outbox.size, storage.rows.size], ["offline", 2, 2]);
  answer = recorded;
  sent = [];
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b"]]);
  assert.equal(outbox.size, 0);
});

test("marks of an earlier visit are sent by the next one", async () => {
  await storage.put([mark("b"), mark("a")]);
  const outbox = makeOutbox();
  await outbox.open();
  await outbox.settled();
  assert.deepEqual(sent, [["a", "b"]]);
});

test("a page is submitted after its marks and before later marks", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"), submission("b"), mark("c"));
  await outbox.settled();
  answer = recorded;
  sent = [];
  await outbox.settled();
  assert.deepEqual(sent, [["a"], "submit 1", ["c"]]);
});

test("a refused page reports the missing tiles and is not sent again", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 409, wait: 0, body: { missing: ["1.0"] } });
  await outbox.add(submission("a"));
  await outbox.settled();
  assert.deepEqual(results, [["a", "refused", "not-submitted"]]);
  assert.equal(outbox.size, 0);
  assert.deepEqual(storage.refused, []);
});

test("a refused mark is stored, unless no verdict is needed any more", async () => {
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
    storage.refused.map(({ item, reason }) => [item.id, reason]),
    [["a", "lease-lost"]],
  );
  assert.equal(storage.rows.size, 0);
});

test("a mark without a result in the answer counts as refused", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 200, wait: 0, body: { results: [] } });
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.deepEqual(results, [["a", "refused", "not-understood"]]);
});

test("a request has at most 100 marks", async () => {
  const outbox = makeOutbox();
  const many = Array.from({ length: 250 }, (_, n) => mark(String(n).padStart(3, "0")));
  await outbox.add(...many);
  await outbox.settled();
  assert.deepEqual(
    sent.map((marks) => marks.length),
    [100, 100, 50],
  );
});

test("after the same person signs in again, marks are sent at once, and only once", async () => {
  const outbox = makeOutbox();
  checkPerson = () => "again";
  const statuses = [403];
  answer = (marks) => (statuses.length ? { status: statuses.pop(), body: null, wait: 0 } : recorded(marks));
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.deepEqual(sent, [["a"], ["a"]]);
  assert.equal(outbox.state, "saved");
});

test("a server that keeps refusing the person is not asked forever", async () => {
  const outbox = makeOutbox();
  checkPerson = () => "again";
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

test("marks that another tab sent no longer wait here", async () => {
  const outbox = makeOutbox();
  answer = () => ({ status: 0, body: null, wait: 0 });
  await outbox.add(mark("a"));
  await outbox.settled();
  outbox.receive([{ item: mark("a"), outcome: { status: "recorded" } }]);
  assert.deepEqual([outbox.size, outbox.state], [0, "saved"]);
  assert.deepEqual(results, [["a", "recorded", undefined]]);
  clearTimeout(outbox.timer);
});

test("the other tabs get the results", async () => {
  const outbox = makeOutbox();
  await outbox.add(mark("a"));
  await outbox.settled();
  assert.equal(messages.length, 1);
  assert.equal(messages[0][0].item.id, "a");
});
