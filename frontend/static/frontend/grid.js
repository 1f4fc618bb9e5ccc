// @ts-check
/** The judge's page: joins its parts, and hands out clicks, keys and page changes. */

import { call, trouble } from "./grid/api.js";
import { Book } from "./grid/book.js";
import { ask, isDialogOpen, open, view } from "./grid/dialogs.js";
import { fit } from "./grid/fit.js";
import { closeGuidelines, placeGuidelines, toggleGuidelines } from "./grid/guidelines.js";
import { History, leavesGaps } from "./grid/history.js";
import { Keys } from "./grid/keys.js";
import { Marking } from "./grid/marking.js";
import { notice, say, showSaving } from "./grid/notices.js";
import { isSubmission, Outbox } from "./grid/outbox.js";
import { Painting } from "./grid/painting.js";
import { arrived, failed, retryAll, watch } from "./grid/pictures.js";
import { RefusedMarks } from "./grid/refused.js";
import { Reminder } from "./grid/reminder.js";
import { Rest } from "./grid/rest.js";
import { watchSignIn } from "./grid/session.js";
import { Shelf } from "./grid/shelf.js";
import { tabsOf } from "./grid/tabs.js";
import * as page from "./grid/tiles.js";
import * as words from "./grid/words.js";
import { isZoomed, unzoom, zoom } from "./grid/zoom.js";
import { read, watchLook, write } from "./settings.js";

/** @typedef {import("./grid/outbox.js").Mark} Mark */

const person = document.body.dataset.user ?? "";
const sitting = `sitting.${person}.${document.body.dataset.batch}`;
const shelf = new Shelf(person);
const outbox = new Outbox(shelf, {
  send: (marks) => call("PUT", "judgments/", { judgments: marks }),
  submit: (assignment) => call("POST", `assignments/${assignment}/submit/`),
  trouble,
  answered,
  changed: showSaving,
  ...tabsOf(person, (news) => outbox.hear(news)),
});
const history = new History(read(sitting, "sessionStorage"));
const marking = new Marking(outbox, history);
const book = new Book(outbox, begin);
const rest = new Rest(marking);
const keys = new Keys();
const refused = new RefusedMarks(shelf, outbox);
const reminder = new Reminder();

// Most candidates are right, so the wrong ones are painted and the rest is filled.
let brush = read("brush") ?? "no";
/** The tile under the pointer. @type {HTMLElement | null} */
let hovered = null;

/** @type {Record<string, () => void>} */
const ACTS = {
  yes: () => onVerdict("yes"),
  no: () => onVerdict("no"),
  broken: () => onVerdict("broken"),
  "rest-yes": () => rest.preview("yes"),
  "rest-no": () => rest.preview("no"),
  skip,
  comment,
  report,
  undo,
  redo,
  zoom: () => zoom(inHand()),
  full: () => follow("full"),
  source: () => follow("source"),
  guidelines: toggleGuidelines,
  keys: () => keys.open(),
  likeness: () => view(undefined),
  confirm: () => rest.confirm(),
  cancel: () => rest.close(),
  submit,
  next: () => book.next(),
  "close-guidelines": closeGuidelines,
  "send-again": () => refused.sendAgain(),
  "forget-refused": () => refused.forget(),
};

/** A page has been put on the screen: all that must be there in the same frame. */
function begin() {
  placeGuidelines();
  if (!page.pageElement()) {
    /** @type {HTMLElement | null} */ (document.querySelector("#page h1"))?.focus();
    return;
  }
  fit();
  marking.begin();
  rest.begin();
  keys.show();
  watch();
  showBrush(brush);
  showTally();
  page.goTo(page.unmarked()[0] ?? page.tiles()[0]);
  requestAnimationFrame(() => marking.clock.restart());
}

/**
 * The server answered: what it refused is shown where it was made.
 * @param {import("./grid/outbox.js").News} news
 */
function answered({ entry, outcome }) {
  if (isSubmission(entry)) {
    book.answered(entry.assignment, outcome);
    return;
  }
  const tile = entry.assignment === page.assignmentId() ? page.tileById(entry.candidate) : null;
  if (outcome.status === "refused") {
    refuse(tile, entry, outcome.reason ?? "");
    refused.show();
  } else if (tile) {
    tile.dataset.recorded = entry.verdict ?? "";
    // Another tab may have marked it.
    const isLast = !outbox.marks().some((mark) => mark.candidate === entry.candidate);
    if (isLast && tile.dataset.verdict !== tile.dataset.recorded) page.showVerdict(tile, tile.dataset.recorded, entry.reason);
    showTally();
  }
}

/**
 * @param {HTMLElement | null} tile
 * @param {Mark} mark
 * @param {string} reason
 */
function refuse(tile, mark, reason) {
  const sentence = words.refusal(reason);
  if (!tile) {
    notice(`earlier ${reason}`, `On an earlier page: ${sentence}`);
    return;
  }
  if (words.WITHDRAWN.has(reason)) tile.dataset.withdrawn = "";
  const isLast = !outbox.marks().some((other) => other.candidate === mark.candidate);
  if (isLast) page.showVerdict(tile, tile.dataset.recorded ?? "");
  page.showRefusal(tile, sentence);
  say(sentence);
  showTally();
}

/** @param {string} verdict */
function showBrush(verdict) {
  brush = verdict;
  write("brush", verdict);
  for (const button of document.querySelectorAll("[data-brush]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.brush === verdict));
  }
  page.pageElement()?.setAttribute("data-painting", verdict);
}

function showTally() {
  const all = page.tiles().length;
  const open = page.unmarked().length;
  const bar = document.querySelector("[data-tally]");
  const text = document.querySelector("[data-tally-text]");
  const pace = document.querySelector("[data-pace]");
  if (bar instanceof HTMLProgressElement) bar.value = all - open;
  if (text) text.textContent = open ? `${all - open} of ${all} marked` : `All ${all} marked`;
  if (pace) pace.textContent = words.pace(marking.pace);
  document.getElementById("submit")?.toggleAttribute("data-ready", !open);
  document.querySelector('[data-act="undo"]')?.toggleAttribute("disabled", !history.done.length);
  document.querySelector('[data-act="redo"]')?.toggleAttribute("disabled", !history.undone.length);
  write(sitting, history.stored(), "sessionStorage");
}

/** The tile that an act is about: under the pointer, where it was the last to be used. */
const inHand = () => (isPointing() && hovered?.isConnected ? hovered : page.currentTile());

const isPointing = () => document.body.dataset.mode === "pointer";

/** @param {"keys" | "pointer"} mode */
function setMode(mode) {
  document.body.dataset.mode = mode;
}

/**
 * A verdict's key marks the tile that has the focus and goes on; while the pointer is in
 * use it chooses what the pointer paints with.
 * @param {string} verdict
 */
function onVerdict(verdict) {
  const tile = page.currentTile();
  if (rest.isOpen) {
    if (verdict !== "broken") rest.preview(verdict);
  } else if (isPointing()) {
    showBrush(verdict);
    say(`A click marks ${verdict}.`);
  } else if (tile) {
    marking.mark(tile, verdict, "key");
    page.goTo(page.nextToMark(tile));
  }
}

async function skip() {
  const tile = page.currentTile();
  if (!tile) return;
  const given = await ask("skip");
  if (given && marking.mark(tile, "skip", "key", given.reason)) page.goTo(page.nextToMark(tile));
  else page.goTo(tile);
  showTally();
}

async function comment() {
  const tile = page.currentTile();
  if (!tile?.dataset.verdict) {
    say("Mark the picture first; a comment belongs to its verdict.");
    return;
  }
  const given = await ask("comment", { reason: tile.dataset.comment ?? "" });
  page.goTo(tile);
  if (given) marking.mark(tile, tile.dataset.verdict, "key", given.reason);
  showTally();
}

async function report() {
  const tile = page.currentTile();
  if (!tile) return;
  const given = await ask("report");
  page.goTo(tile);
  if (!given) return;
  const answer = await call("POST", `candidates/${tile.dataset.tile}/reports/`, given);
  if (answer.status === 201) {
    tile.dataset.withdrawn = "";
    page.showRefusal(tile, "Reported. It is not asked for until somebody has looked at it.");
    page.goTo(page.nextToMark(tile));
    showTally();
  } else say("The report could not be sent. Please try again.");
}

async function undo() {
  const step = history.last();
  if (!step) say("There is nothing to take back.");
  else if (!(await book.turnTo(step.page))) say("That page cannot be opened now.");
  else if (page.isSubmitted() && leavesGaps(step)) {
    history.forget();
    say("This page is submitted: give the picture another verdict instead.");
  } else {
    history.undid();
    marking.put(step, "before");
    say("Taken back.");
  }
  afterStep(step);
}

async function redo() {
  const step = history.redo();
  if (!step) say("There is nothing to do again.");
  else if (!(await book.turnTo(step.page))) say("That page cannot be opened now.");
  else {
    marking.put(step, "after");
    say("Done again.");
  }
  afterStep(step);
}

/** @param {import("./grid/history.js").Step | undefined} step */
function afterStep(step) {
  if (step) page.goTo(page.tileById(step.changes[0].tile));
  if (!rest.isOpen) rest.proposeBroken();
  showTally();
}

/** @param {string} link full or source */
function follow(link) {
  /** @type {HTMLElement | null | undefined} */ (page.currentTile()?.querySelector(`[data-link="${link}"]`))?.click();
}

function submit() {
  const open = page.unmarked();
  if (!open.length || book.isBack) book.submit();
  else if (open.every((tile) => tile.dataset.proposed)) rest.preview("");
  else {
    page.goTo(open[0]);
    say(words.missing(open.length));
  }
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
  showTally();
}

/** @param {KeyboardEvent} event */
function onChord(event) {
  if (event.altKey || event.key.toLowerCase() !== "z") return false;
  if (event.shiftKey) redo();
  else undo();
  return true;
}

/**
 * Do what a key means here; false where it means nothing.
 * @param {string} key
 * @param {HTMLElement} target
 */
function onPlainKey(key, target) {
  if (key === "Enter") return onEnter(target);
  const act = keys.actOf(key);
  if (key === "Escape" && rest.isOpen) rest.close();
  else if (isMove(key, target)) {
    setMode("keys");
    page.goTo(page.neighbour(/** @type {HTMLElement} */ (page.currentTile()), key));
  } else if (act) ACTS[act]();
  else return false;
  return true;
}

/** @param {HTMLElement} target */
function onEnter(target) {
  // On a button or a link, Enter is theirs.
  if (target.closest("a, button, summary")) return false;
  if (rest.isOpen) rest.confirm();
  else submit();
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

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("button"));
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a"));
  const tile = /** @type {HTMLElement | null} */ (target.closest("#page .tile"));
  reminder.act();
  if (button) onButton(button);
  else if (link) onLink(event, link);
  else if (tile) paint(tile);
  if (page.pageElement()) showTally();
}

/** @param {HTMLElement} button */
function onButton(button) {
  const { brush: verdict, act: name, opens } = button.dataset;
  const isInMenu = button.closest("#more");
  if (isInMenu) /** @type {HTMLDialogElement} */ (isInMenu).close();
  if (name === "dismiss") button.closest("[data-notice]")?.remove();
  else if (verdict && rest.isOpen && verdict !== "broken") rest.preview(verdict);
  else if (verdict) showBrush(verdict);
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
  const wantsTab = event.ctrlKey || event.metaKey || event.shiftKey;
  if (link.dataset.link !== "full" || wantsTab) return;
  event.preventDefault();
  view(link.href);
}

/** @param {HTMLElement} tile */
function paint(tile) {
  if (rest.isOpen) rest.close();
  page.goTo(tile);
  marking.mark(tile, brush, "click");
  showTally();
}

function onVisibility() {
  marking.clock.see(!document.hidden);
  unzoom();
  outbox.hurry();
  if (!document.hidden) book.renew();
}

/** @param {KeyboardEvent} event */
function onKeyUp(event) {
  if (isZoomed() && keys.actOf(event.key) === "zoom") unzoom();
}

new Painting({
  paint,
  begin: () => {
    setMode("pointer");
    marking.beginStroke();
  },
  // After the click that may follow.
  end: () => setTimeout(() => marking.endStroke()),
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
window.addEventListener("online", () => {
  outbox.hurry();
  retryAll();
  book.fetchAhead();
});
window.addEventListener("beforeunload", (event) => outbox.size && event.preventDefault());

watchLook(fit);
watchSignIn(() => {
  outbox.hurry();
  retryAll();
});
setMode("keys");
marking.clock.see(!document.hidden);
begin();
book.begin();
refused.show();
outbox.open().then(() => marking.showWaiting()).then(showTally);
