// Undo and redo: every step of the session, in order, across pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { History, leavesGaps } from "../../static/frontend/grid/history.js";

const step = (page, before, after) => ({ page, changes: [{ tile: `${page}.0`, before, after }] });

test("steps are undone in reverse order and redone in order", () => {
  const history = new History();
  const [first, second] = [step(1, "", "yes"), step(2, "", "no")];
  history.push(first);
  history.push(second);
  assert.equal(history.last(), second);
  history.moveToUndone();
  assert.equal(history.last(), first);
  history.moveToUndone();
  assert.equal(history.last(), undefined);
  assert.equal(history.redo(), first);
  assert.equal(history.redo(), second);
  assert.equal(history.redo(), undefined);
});

test("after a new step, nothing can be redone", () => {
  const history = new History();
  history.push(step(1, "", "yes"));
  history.moveToUndone();
  history.push(step(1, "", "no"));
  assert.equal(history.redo(), undefined);
});

test("a step without changes is not kept", () => {
  const history = new History();
  history.push({ page: 1, changes: [] });
  assert.equal(history.last(), undefined);
});

test("a step that cannot be undone is dropped, and the previous one is next", () => {
  const history = new History();
  history.push(step(1, "yes", "no"));
  history.push(step(1, "", "yes"));
  history.forget();
  assert.deepEqual(history.last(), step(1, "yes", "no"));
});

test("a reload keeps the history", () => {
  const history = new History();
  history.push(step(1, "", "yes"));
  history.push(step(2, "yes", "no"));
  history.moveToUndone();
  const again = new History(history.serialize());
  assert.deepEqual(again.last(), step(1, "", "yes"));
  assert.deepEqual(again.redo(), step(2, "yes", "no"));
});

test("a damaged text gives an empty history", () => {
  assert.equal(new History("{").last(), undefined);
  assert.equal(new History(null).last(), undefined);
});

test("a long session keeps its latest thousand steps", () => {
  const history = new History();
  for (let page = 0; page < 1005; page += 1) history.push(step(page, "", "yes"));
  assert.equal(history.done.length, 1000);
  assert.equal(history.done[0].page, 5);
});

test("undoing a first mark leaves a gap, undoing a correction does not", () => {
  assert.equal(leavesGaps(step(1, "", "yes")), true);
  assert.equal(leavesGaps(step(1, "no", "yes")), false);
});
