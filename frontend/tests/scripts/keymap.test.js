// Keys: what they mean, how they are changed, and what they must not become.

import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULTS, Keymap } from "../../static/frontend/grid/keymap.js";

test("no two acts share a key", () => {
  const all = Object.values(DEFAULTS).flat();
  assert.equal(new Set(all).size, all.length);
});

test("every key is one character, so no act needs a chord", () => {
  for (const key of Object.values(DEFAULTS).flat()) assert.equal([...key].length, 1);
});

test("capital letters mean the same", () => {
  const keys = new Keymap(null);
  assert.equal(keys.actOf("y"), "yes");
  assert.equal(keys.actOf("Y"), "yes");
  assert.equal(keys.actOf("F5"), undefined);
});

test("a key that is taken, or that moves, is refused with the reason", () => {
  const keys = new Keymap(null);
  assert.match(keys.set("skip", "u"), /“undo”/);
  assert.match(keys.set("skip", "Enter"), /moves, confirms or leaves/);
  assert.match(keys.set("skip", "F1"), /letter/);
  assert.equal(keys.actOf("s"), "skip");
});

test("a changed key takes the place of those that the act had", () => {
  const keys = new Keymap(null);
  assert.equal(keys.set("yes", "J"), "");
  assert.equal(keys.actOf("j"), "yes");
  assert.equal(keys.actOf("1"), undefined);
  assert.equal(keys.set("no", "1"), "");
});

test("only what was changed is kept, and comes back", () => {
  const keys = new Keymap(null);
  keys.set("skip", "x");
  assert.equal(keys.stored(), '{"skip":["x"]}');
  assert.equal(new Keymap(keys.stored()).actOf("x"), "skip");
  keys.reset();
  assert.equal(keys.stored(), "{}");
});

test("what cannot be read means the usual keys", () => {
  for (const stored of ["{", "3", "null", '{"skip": 7, "fly": ["f"]}']) {
    assert.equal(new Keymap(stored).actOf("s"), "skip");
    assert.equal(new Keymap(stored).actOf("f"), "full");
  }
});
