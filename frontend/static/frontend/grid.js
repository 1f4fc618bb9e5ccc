// @ts-check
/** The judge's page: passes keys, clicks and browser events to the session. */

import { isDialogOpen, open, view } from "./grid/dialogs.js";
import { fit } from "./grid/fit.js";
import { closeGuidelines, toggleGuidelines } from "./grid/guidelines.js";
import { Painting } from "./grid/painting.js";
import { onPictureFailed, onPictureLoaded, retryAll } from "./grid/pictures.js";
import { Reminder } from "./grid/reminder.js";
import { Session } from "./grid/session.js";
import { watchSignIn } from "./grid/sign_in.js";
import * as page from "./grid/tiles.js";
import { isZoomed, unzoom, zoom } from "./grid/zoom.js";
import { bindAppearance } from "./settings.js";

const session = new Session();
const reminder = new Reminder();
/** The tile under the pointer. @type {HTMLElement | null} */
let hovered = null;

/** @type {Record<string, () => void>} */
const ACTIONS = {
  yes: () => session.giveVerdict("yes", isPointing()),
  no: () => session.giveVerdict("no", isPointing()),
  broken: () => session.giveVerdict("broken", isPointing()),
  "rest-yes": () => session.rest.preview("yes"),
  "rest-no": () => session.rest.preview("no"),
  skip: () => session.skip(),
  comment: () => session.comment(),
  report: () => session.report(),
  undo: () => session.undo(),
  redo: () => session.redo(),
  zoom: () => zoom(isPointing() && hovered?.isConnected ? hovered : page.currentTile()),
  full: () => follow("full"),
  source: () => follow("source"),
  guidelines: toggleGuidelines,
  keys: () => session.keys.open(),
  likeness: () => view(undefined),
  confirm: () => session.rest.confirm(),
  cancel: () => session.rest.close(),
  submit: () => session.submit(),
  next: () => session.pages.next(),
  "close-guidelines": closeGuidelines,
  "send-again": () => session.refused.sendAgain(),
  "forget-refused": () => session.refused.forget(),
};

// --- Keys and pointer -----------------------------------------------------------------

const isPointing = () => document.body.dataset.mode === "pointer";

/** @param {"keys" | "pointer"} mode the device in use. It decides the meaning of the verdict keys. */
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
  session.showTally();
}

/** @param {KeyboardEvent} event */
function onChord(event) {
  if (event.altKey || event.key.toLowerCase() !== "z") return false;
  if (event.shiftKey) session.redo();
  else session.undo();
  return true;
}

/**
 * Run the action of a key. Return false if the key has no action here.
 * @param {string} key
 * @param {HTMLElement} target
 */
function onPlainKey(key, target) {
  const action = session.keys.actionOf(key);
  if (key === "Enter") {
    // Buttons and links handle Enter themselves.
    if (target.closest("a, button, summary")) return false;
    session.confirm();
  } else if (key === "Escape" && session.rest.isOpen) session.rest.close();
  else if (isMove(key, target)) {
    setMode("keys");
    page.goTo(page.neighbour(/** @type {HTMLElement} */ (page.currentTile()), key));
  } else if (action) ACTIONS[action]();
  else return false;
  return true;
}

/**
 * @param {string} key
 * @param {HTMLElement} target
 */
function isMove(key, target) {
  const isOnTiles = target === document.body || Boolean(target.closest(".tiles"));
  return isOnTiles && Boolean(page.currentTile()) && /^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key);
}

/** @param {KeyboardEvent} event */
function onKeyUp(event) {
  if (isZoomed() && session.keys.actionOf(event.key) === "zoom") unzoom();
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
  else if (tile) session.paint(tile);
  if (page.pageElement()) session.showTally();
}

/** @param {HTMLElement} button */
function onButton(button) {
  const { brush: verdict, act: name, opens } = button.dataset;
  const menu = /** @type {HTMLDialogElement | null} */ (button.closest("#more"));
  menu?.close();
  if (name === "dismiss") button.closest("[data-notice]")?.remove();
  else if (verdict && session.rest.isOpen && verdict !== "broken") session.rest.preview(verdict);
  else if (verdict) session.showBrush(verdict);
  else if (opens && opens !== "look") open(opens);
  else if (name) ACTIONS[name]?.();
  // Move the focus back to the tiles, so that the next key acts on them and not on the button.
  if (verdict || /^(rest-|cancel|undo|redo)/.test(name ?? "")) page.goTo(page.currentTile());
}

/**
 * @param {MouseEvent} event
 * @param {HTMLAnchorElement} link
 */
function onLink(event, link) {
  const tile = /** @type {HTMLElement | null} */ (link.closest(".tile"));
  if (tile) page.goTo(tile, { focus: false });
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // it opens another tab
  if (link.dataset.link === "full") {
    event.preventDefault();
    view(link.href);
  } else if (session.outbox.size && !link.target) {
    event.preventDefault();
    leaveFor(link.href);
  }
}

/**
 * Send the waiting marks, then leave the page. The browser warns if some are left.
 * @param {string} address
 */
async function leaveFor(address) {
  await session.outbox.settled();
  location.assign(address);
}

/** @param {string} link full or source, of the tile that has the focus */
function follow(link) {
  const anchor = page.currentTile()?.querySelector(`[data-link="${link}"]`);
  /** @type {HTMLElement | null | undefined} */ (anchor)?.click();
}

// --- Browser events -------------------------------------------------------------------

function onVisibility() {
  session.marking.clock.setVisible(!document.hidden);
  unzoom();
  session.outbox.hurry();
  if (!document.hidden) session.pages.renew();
}

/** The network or the judge is back. */
function onBack() {
  session.outbox.hurry();
  retryAll();
  session.pages.fetchAhead();
}

new Painting({
  paint: (tile) => session.paint(tile),
  begin: () => {
    setMode("pointer");
    session.marking.beginStroke();
  },
  // A click event may follow. It belongs to the stroke.
  end: () => setTimeout(() => session.marking.endStroke()),
});
document.addEventListener("keydown", onKey);
document.addEventListener("keyup", onKeyUp);
document.addEventListener("click", onClick);
document.addEventListener("pointerover", (event) => {
  hovered = /** @type {HTMLElement} */ (event.target).closest("#page .tile");
});
document.addEventListener("visibilitychange", onVisibility);
for (const [name, listener] of /** @type {const} */ ([
  ["load", onPictureLoaded],
  ["error", onPictureFailed],
])) {
  document.addEventListener(name, ({ target }) => target instanceof HTMLImageElement && listener(target), true);
}
window.addEventListener("blur", unzoom);
window.addEventListener("resize", () => requestAnimationFrame(fit));
window.addEventListener("online", onBack);
window.addEventListener("beforeunload", (event) => session.outbox.size && event.preventDefault());

bindAppearance(fit);
watchSignIn(onBack);
session.open();
