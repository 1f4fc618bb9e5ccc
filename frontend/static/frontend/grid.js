// @ts-check
/** The judge's page: hands out keys, clicks and what the browser tells. */

import { Desk } from "./grid/desk.js";
import { isDialogOpen, open, view } from "./grid/dialogs.js";
import { fit } from "./grid/fit.js";
import { closeGuidelines, toggleGuidelines } from "./grid/guidelines.js";
import { Painting } from "./grid/painting.js";
import { arrived, failed, retryAll } from "./grid/pictures.js";
import { Reminder } from "./grid/reminder.js";
import { watchSignIn } from "./grid/session.js";
import * as page from "./grid/tiles.js";
import { isZoomed, unzoom, zoom } from "./grid/zoom.js";
import { watchLook } from "./settings.js";

const desk = new Desk();
const reminder = new Reminder();
/** The tile under the pointer. @type {HTMLElement | null} */
let hovered = null;

/** @type {Record<string, () => void>} */
const ACTS = {
  yes: () => desk.say("yes", isPointing()),
  no: () => desk.say("no", isPointing()),
  broken: () => desk.say("broken", isPointing()),
  "rest-yes": () => desk.rest.preview("yes"),
  "rest-no": () => desk.rest.preview("no"),
  skip: () => desk.skip(),
  comment: () => desk.comment(),
  report: () => desk.report(),
  undo: () => desk.undo(),
  redo: () => desk.redo(),
  zoom: () => zoom(isPointing() && hovered?.isConnected ? hovered : page.currentTile()),
  full: () => follow("full"),
  source: () => follow("source"),
  guidelines: toggleGuidelines,
  keys: () => desk.keys.open(),
  likeness: () => view(undefined),
  confirm: () => desk.rest.confirm(),
  cancel: () => desk.rest.close(),
  submit: () => desk.submit(),
  next: () => desk.book.next(),
  "close-guidelines": closeGuidelines,
  "send-again": () => desk.refused.sendAgain(),
  "forget-refused": () => desk.refused.forget(),
};

// --- Keys and pointer -----------------------------------------------------------------

const isPointing = () => document.body.dataset.mode === "pointer";

/** @param {"keys" | "pointer"} mode what is in use; it decides what a verdict's key means */
function setMode(mode) {
  document.body.dataset.mode = mode;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (isDialogOpen() || event.isComposing || !page.pageElement() || target.closest("input, textarea, select")) return;
  reminder.act();
  if (event.key === "Tab") setMode("keys");
  const isChord = event.ctrlKey || event.metaKey || event.altKey;
  if (isChord ? !onChord(event) : !onPlainKey(event.key, target)) return;
  event.preventDefault();
  desk.showTally();
}

/** @param {KeyboardEvent} event */
function onChord(event) {
  if (event.altKey || event.key.toLowerCase() !== "z") return false;
  if (event.shiftKey) desk.redo();
  else desk.undo();
  return true;
}

/**
 * Do what a key means here; false where it means nothing.
 * @param {string} key
 * @param {HTMLElement} target
 */
function onPlainKey(key, target) {
  const act = desk.keys.actOf(key);
  if (key === "Enter") {
    // On a button or a link, Enter is theirs.
    if (target.closest("a, button, summary")) return false;
    desk.confirm();
  } else if (key === "Escape" && desk.rest.isOpen) desk.rest.close();
  else if (isMove(key, target)) {
    setMode("keys");
    page.goTo(page.neighbour(/** @type {HTMLElement} */ (page.currentTile()), key));
  } else if (act) ACTS[act]();
  else return false;
  return true;
}

/**
 * @param {string} key
 * @param {HTMLElement} target
 */
function isMove(key, target) {
  const isHere = target === document.body || Boolean(target.closest(".tiles"));
  return isHere && Boolean(page.currentTile()) && /^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key);
}

/** @param {KeyboardEvent} event */
function onKeyUp(event) {
  if (isZoomed() && desk.keys.actOf(event.key) === "zoom") unzoom();
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("button"));
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a"));
  const tile = /** @type {HTMLElement | null} */ (target.closest("#page .tile"));
  reminder.act();
  if (button) onButton(button);
  else if (link) onLink(event, link);
  else if (tile) desk.paint(tile);
  if (page.pageElement()) desk.showTally();
}

/** @param {HTMLElement} button */
function onButton(button) {
  const { brush: verdict, act: name, opens } = button.dataset;
  const menu = /** @type {HTMLDialogElement | null} */ (button.closest("#more"));
  menu?.close();
  if (name === "dismiss") button.closest("[data-notice]")?.remove();
  else if (verdict && desk.rest.isOpen && verdict !== "broken") desk.rest.preview(verdict);
  else if (verdict) desk.showBrush(verdict);
  else if (opens && opens !== "look") open(opens);
  else if (name) ACTS[name]?.();
  // Back to the tiles, so that the next key is theirs and not the button's again.
  if (verdict || /^(rest-|cancel|undo|redo)/.test(name ?? "")) page.goTo(page.currentTile());
}

/**
 * @param {MouseEvent} event
 * @param {HTMLAnchorElement} link
 */
function onLink(event, link) {
  const tile = /** @type {HTMLElement | null} */ (link.closest(".tile"));
  if (tile) page.goTo(tile, { focus: false });
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // they want another tab
  if (link.dataset.link === "full") {
    event.preventDefault();
    view(link.href);
  } else if (desk.outbox.size && !link.target) {
    event.preventDefault();
    leaveFor(link.href);
  }
}

/**
 * First send what waits for other marks to travel with; the browser warns of what is left.
 * @param {string} address
 */
async function leaveFor(address) {
  await desk.outbox.settled();
  location.assign(address);
}

/** @param {string} link full or source, of the tile that has the focus */
function follow(link) {
  /** @type {HTMLElement | null | undefined} */ (page.currentTile()?.querySelector(`[data-link="${link}"]`))?.click();
}

// --- What the browser tells -----------------------------------------------------------

function onVisibility() {
  desk.marking.clock.see(!document.hidden);
  unzoom();
  desk.outbox.hurry();
  if (!document.hidden) desk.book.renew();
}

/** The network is there again, or the judge. */
function onBack() {
  desk.outbox.hurry();
  retryAll();
  desk.book.fetchAhead();
}

new Painting({
  paint: (tile) => desk.paint(tile),
  begin: () => {
    setMode("pointer");
    desk.marking.beginStroke();
  },
  // After the click that may follow.
  end: () => setTimeout(() => desk.marking.endStroke()),
});
document.addEventListener("keydown", onKey);
document.addEventListener("keyup", onKeyUp);
document.addEventListener("click", onClick);
document.addEventListener("pointerover", (event) => {
  hovered = /** @type {HTMLElement} */ (event.target).closest("#page .tile");
});
document.addEventListener("visibilitychange", onVisibility);
document.addEventListener("load", (event) => event.target instanceof HTMLImageElement && arrived(event.target), true);
document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && failed(event.target), true);
window.addEventListener("blur", unzoom);
window.addEventListener("resize", () => requestAnimationFrame(fit));
window.addEventListener("online", onBack);
window.addEventListener("beforeunload", (event) => desk.outbox.size && event.preventDefault());

watchLook(fit);
watchSignIn(onBack);
desk.open();
