// The size of tiles, the time of visibility, and the order of ids.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../../static/frontend/grid/clock.js";
import { bestFit } from "../../static/frontend/grid/fit.js";
import { uuid7 } from "../../static/frontend/grid/ids.js";

test("tiles are as large as possible, but never larger than a thumbnail", () => {
  assert.deepEqual(bestFit(30, 1100, 830, 8).columns, 6);
  assert.equal(bestFit(1, 4000, 4000, 8).side, 320);
  for (const [count, width, height] of [
    [30, 1100, 830],
    [7, 500, 900],
    [60, 1600, 700],
  ]) {
    const { columns, side } = bestFit(count, width, height, 8);
    assert.ok(columns * (side + 8) - 8 <= width + 1e-9);
    assert.ok(Math.ceil(count / columns) * (side + 8) - 8 <= height + 1e-9);
  }
});

test("only the time while the page is visible counts", () => {
  let now = 0;
  const clock = new Clock(() => now);
  clock.setVisible(true);
  now = 2000;
  clock.setVisible(false);
  now = 60_000;
  clock.setVisible(true);
  now = 61_000;
  assert.equal(clock.lap(), 3);
  now = 61_500;
  assert.equal(clock.lap(), 0.5);
});

test("ids are UUIDs of version 7 and sort in the order of their creation", () => {
  const ids = Array.from({ length: 5000 }, () => uuid7(1_700_000_000_000));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids.slice(0, 50))
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
