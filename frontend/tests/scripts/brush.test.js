// A press on the tiles: a click, a stroke or a look closer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Stroke } from "../../static/frontend/grid/brush.js";

function stroke(start, ...places) {
  const painted = [];
  const made = new Stroke(start, (place) => painted.push(place));
  for (const place of places) made.reach(place);
  return [made, painted];
}

test("a press that stays on its tile paints nothing by itself", () => {
  const [made, painted] = stroke(3, 3, 3, -1, 3);
  assert.deepEqual(painted, []);
  assert.equal(made.isOver, false);
});

test("a stroke paints the tile where it began and each that it reaches, once", () => {
  const [made, painted] = stroke(3, 4, 5, 4, 3, 9);
  assert.deepEqual(painted, [3, 4, 5, 9]);
  assert.equal(made.isOver, true);
});

test("a stroke across the gaps between tiles goes on", () => {
  const [, painted] = stroke(0, -1, 1, -1, 2);
  assert.deepEqual(painted, [0, 1, 2]);
});

test("a long press looks closer and paints nothing, wherever it goes then", () => {
  const [made, painted] = stroke(3);
  assert.equal(made.hold(), true);
  made.reach(4);
  assert.deepEqual(painted, []);
  assert.equal(made.isOver, true);
});

test("a stroke that rests is no long press", () => {
  const [made] = stroke(3, 4);
  assert.equal(made.hold(), false);
});
