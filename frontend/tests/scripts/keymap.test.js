// Keys: their actions, their changes and the keys that are refused.

import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULTS, Keymap } from "../../static/frontend/grid/keymap.js";

test("no two actions share a key", () => {
  const all = Object.values(DEFAULTS).flat();
  assert.equal(new Set(all).size, all.length);
});

test("every key is one character, so no action needs a chord", () => {
  for (const key of Object.values(DEFAULTS).flat()) assert.equal([...key].length, 1);
});

test("capital letters mean the same", () => {
  const keys = new Keymap(null);
  assert.equal(keys.actionOf("y"), "yes");
  assert.equal(keys.actionOf("Y"), "yes");
  assert.equal(keys.actionOf("F5"), undefined);
});

test("a key in use and a fixed key are refused with the reason", () => {
  const keys = new Keymap(null);
  assert.match(keys.set("skip", "u"), /“undo”/);
  assert.match(keys.set("skip", "Enter"), /moves, confirms or closes/);
  assert.match(keys.set("skip", "F1"), /letter/);
  assert.equal(keys.actionOf("s"), "skip");
});

test("a changed key replaces the previous keys of its action", () => {
  const keys = new Keymap(null);
  assert.equal(keys.set("yes", "J"), "");
  assert.equal(keys.actionOf("j"), "yes");
  assert.equal(keys.actionOf("1"), undefined);
  assert.equal(keys.set("no", "1"), "");
});

test("only changed keys are stored and restored", () => {
  const keys = new Keymap(null);
  keys.set("skip", "x");
  assert.equal(keys.serialize(), '{"skip":["x"]}');
  assert.equal(new Keymap(keys.serialize()).actionOf("x"), "skip");
  keys.reset();
  assert.equal(keys.serialize(), "{}");
});

test("a damaged text gives the default keys", () => {
  for (const text of ["{", "3", "null", '{"skip": 7, "fly": ["f"]}']) {
    assert.equal(new Keymap(text).actionOf("s"), "skip");
    assert.equal(new Keymap(text).actionOf("f"), "full");
  }
});
