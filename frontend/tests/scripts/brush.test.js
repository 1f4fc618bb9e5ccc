// A press on the tiles: a click, a stroke or a zoom.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Stroke } from "../../static/frontend/grid/brush.js";

function strokeOver(start, ...positions) {
  const painted = [];
  const stroke = new Stroke(start, (position) => painted.push(position));
  for (const position of positions) stroke.reach(position);
  return [stroke, painted];
}

test("a press that stays on its tile paints nothing", () => {
  const [stroke, painted] = strokeOver(3, 3, 3, -1, 3);
  assert.deepEqual(painted, []);
  assert.equal(stroke.consumesClick, false);
});

test("a stroke paints its first tile and each tile that it reaches, once", () => {
  const [stroke, painted] = strokeOver(3, 4, 5, 4, 3, 9);
  assert.deepEqual(painted, [3, 4, 5, 9]);
  assert.equal(stroke.consumesClick, true);
});

test("a stroke continues across the gaps between tiles", () => {
  const [, painted] = strokeOver(0, -1, 1, -1, 2);
  assert.deepEqual(painted, [0, 1, 2]);
});

test("a long press zooms and paints nothing, even if it moves later", () => {
  const [stroke, painted] = strokeOver(3);
  assert.equal(stroke.hold(), true);
  stroke.reach(4);
  assert.deepEqual(painted, []);
  assert.equal(stroke.consumesClick, true);
});

test("a stroke that rests is not a long press", () => {
  const [stroke] = strokeOver(3, 4);
  assert.equal(stroke.hold(), false);
});
