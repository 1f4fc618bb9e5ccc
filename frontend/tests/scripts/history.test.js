// Undo and redo: every act of the sitting, in order, across pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { History, leavesGaps } from "../../static/frontend/grid/history.js";

const step = (page, before, after) => ({ page, changes: [{ tile: `${page}.0`, before, after }] });

test("acts are taken back in reverse order and done again in order", () => {
  const history = new History();
  const [first, second] = [step(1, "", "yes"), step(2, "", "no")];
  history.push(first);
  history.push(second);
  assert.equal(history.last(), second);
  history.undid();
  assert.equal(history.last(), first);
  history.undid();
  assert.equal(history.last(), undefined);
  assert.equal(history.redo(), first);
  assert.equal(history.redo(), second);
  assert.equal(history.redo(), undefined);
});

test("a new act ends what could be done again", () => {
  const history = new History();
  history.push(step(1, "", "yes"));
  history.undid();
  history.push(step(1, "", "no"));
  assert.equal(history.redo(), undefined);
});

test("an act that changed nothing is no step", () => {
  const history = new History();
  history.push({ page: 1, changes: [] });
  assert.equal(history.last(), undefined);
});

test("a step that cannot be taken back is forgotten and the one before is next", () => {
  const history = new History();
  history.push(step(1, "yes", "no"));
  history.push(step(1, "", "yes"));
  history.forget();
  assert.deepEqual(history.last(), step(1, "yes", "no"));
});

test("a reload forgets nothing", () => {
  const history = new History();
  history.push(step(1, "", "yes"));
  history.push(step(2, "yes", "no"));
  history.undid();
  const again = new History(history.stored());
  assert.deepEqual(again.last(), step(1, "", "yes"));
  assert.deepEqual(again.redo(), step(2, "yes", "no"));
});

test("what cannot be read is an empty history", () => {
  assert.equal(new History("{").last(), undefined);
  assert.equal(new History(null).last(), undefined);
});

test("a long sitting keeps its latest thousand acts", () => {
  const history = new History();
  for (let page = 0; page < 1005; page += 1) history.push(step(page, "", "yes"));
  assert.equal(history.done.length, 1000);
  assert.equal(history.done[0].page, 5);
});

test("a first mark leaves a gap when it is taken back, a correction does not", () => {
  assert.equal(leavesGaps(step(1, "", "yes")), true);
  assert.equal(leavesGaps(step(1, "no", "yes")), false);
});
