// @ts-check
/** The judge's page: joins its parts, and hands out clicks, keys and page changes. */

import { call, trouble } from "./grid/api.js";
import { areLettersKeys, askToSkip, isDialogOpen, open, view, watchSetting } from "./grid/dialogs.js";
import { fit } from "./grid/fit.js";
import { Marking } from "./grid/marking.js";
import { notice, say, showSaving } from "./grid/notices.js";
import { Outbox } from "./grid/outbox.js";
import { Pages } from "./grid/pages.js";
import { arrived, failed, retryAll, watch } from "./grid/pictures.js";
import { Rest } from "./grid/rest.js";
import { Shelf } from "./grid/shelf.js";
import * as page from "./grid/tiles.js";
import * as words from "./grid/words.js";

const outbox = new Outbox(new Shelf(document.body.dataset.user ?? ""), {
  send: (marks) => call("PUT", "judgments/", { judgments: marks }),
  trouble,
  answered,
  changed: showSaving,
});
const marking = new Marking(outbox);
const pages = new Pages(outbox);
const rest = new Rest(marking);
let brush = "yes";

/** @type {Record<string, string>} */
const VERDICT_KEYS = { 1: "yes", y: "yes", 2: "no", n: "no", 3: "broken", b: "broken" };

/** @type {Record<string, () => void>} */
const LETTER_KEYS = {
  s: skip,
  u: undo,
  r: () => rest.preview("yes"),
  f: () => follow("full"),
  o: () => follow("source"),
  "?": () => open("keys"),
};

/** @type {Record<string, (button: HTMLElement) => void>} */
const ACTS = {
  rest: () => rest.preview(brush === "no" ? "no" : "yes"),
  skip,
  undo,
  confirm: () => rest.confirm(),
  cancel: () => rest.close(),
  submit: () => pages.submit(),
  next: () => pages.next(),
  dismiss: (button) => button.closest("[data-notice]")?.remove(),
};

/** A page has been put on the screen, by the server or by htmx. */
function begin() {
  if (!page.pageElement()) {
    /** @type {HTMLElement | null} */ (document.querySelector("#page h1"))?.focus();
    return;
  }
  for (const tile of page.tiles()) tile.dataset.recorded = tile.dataset.verdict;
  fit();
  marking.begin();
  pages.begin();
  rest.close();
  watch();
  showBrush(brush);
  showTally();
  page.goTo(page.unmarked()[0] ?? page.tiles()[0]);
  requestAnimationFrame(() => marking.clock.restart());
}

/**
 * The server answered for a mark: what it refused is shown where it was made.
 * @param {import("./grid/outbox.js").Mark} mark
 * @param {import("./grid/outbox.js").Outcome} outcome
 */
function answered(mark, outcome) {
  const tile = mark.assignment === page.assignmentId() ? page.tileById(mark.candidate) : null;
  if (outcome.status !== "refused") {
    if (tile) tile.dataset.recorded = mark.verdict ?? "";
    return;
  }
  const sentence = words.refusal(outcome.reason);
  if (!tile) notice(`earlier ${outcome.reason}`, `On an earlier page: ${sentence}`);
  else refuse(tile, mark, outcome.reason ?? "", sentence);
}

/**
 * @param {HTMLElement} tile
 * @param {import("./grid/outbox.js").Mark} mark
 * @param {string} reason
 * @param {string} sentence
 */
function refuse(tile, mark, reason, sentence) {
  if (words.WITHDRAWN.has(reason)) tile.dataset.withdrawn = "";
  const isLast = !outbox.marks.some((other) => other.candidate === mark.candidate);
  if (isLast) page.showVerdict(tile, tile.dataset.recorded ?? "");
  page.showRefusal(tile, sentence);
  say(sentence);
  showTally();
}

/** @param {string} verdict */
function showBrush(verdict) {
  brush = verdict;
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
  if (bar instanceof HTMLProgressElement) bar.value = all - open;
  if (text) text.textContent = open ? `${all - open} of ${all} marked` : `All ${all} marked`;
  document.getElementById("submit")?.toggleAttribute("data-ready", !open);
  document.querySelector('[data-act="undo"]')?.toggleAttribute("disabled", !marking.steps.length);
}

async function skip() {
  const tile = page.currentTile();
  if (!tile) return;
  const reason = await askToSkip();
  page.goTo(tile);
  if (reason !== null) marking.mark(tile, "skip", "key", reason);
  showTally();
}

function undo() {
  say(marking.undo() ? "Taken back." : "Nothing to take back on this page.");
  showTally();
}

/** @param {string} link full or source */
function follow(link) {
  /** @type {HTMLElement | null | undefined} */ (page.currentTile()?.querySelector(`[data-link="${link}"]`))?.click();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (isDialogOpen() || event.isComposing || !page.pageElement() || target.closest("input, textarea, select")) return;
  const isChord = event.ctrlKey || event.metaKey || event.altKey;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === "z";
  if (isUndo) undo();
  else if (isChord || !act(event.key, target)) return;
  event.preventDefault();
  showTally();
}

/**
 * Do what a key means here; false where it means nothing.
 * @param {string} key
 * @param {HTMLElement} target
 */
function act(key, target) {
  if (key === "Enter") return onEnter(target);
  if (key === "Escape" && rest.isOpen) rest.close();
  else if (isMove(key, target)) page.goTo(page.neighbour(/** @type {HTMLElement} */ (page.currentTile()), key));
  else if (areLettersKeys()) return onLetter(key.toLowerCase());
  else return false;
  return true;
}

/** @param {HTMLElement} target */
function onEnter(target) {
  // On a button or a link, Enter is theirs.
  if (target.closest("a, button, summary")) return false;
  if (rest.isOpen) rest.confirm();
  else pages.submit();
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

/** @param {string} key */
function onLetter(key) {
  const verdict = VERDICT_KEYS[key];
  const tile = page.currentTile();
  if (verdict && rest.isOpen) {
    if (verdict !== "broken") rest.preview(verdict);
  } else if (verdict && tile) marking.mark(tile, verdict, "key");
  else if (key in LETTER_KEYS) LETTER_KEYS[key]();
  else return false;
  return true;
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("button"));
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a"));
  const tile = /** @type {HTMLElement | null} */ (target.closest("#page .tile"));
  if (button) onButton(button);
  else if (link) onLink(event, link);
  else if (tile) onTile(tile);
  showTally();
}

/** @param {HTMLElement} button */
function onButton(button) {
  const { brush: verdict, act: name, opens } = button.dataset;
  if (verdict && rest.isOpen && verdict !== "broken") rest.preview(verdict);
  else if (verdict) showBrush(verdict);
  if (opens) open(opens);
  if (name) ACTS[name]?.(button);
  // Back to the tiles, so that the next key is theirs and not the button's again.
  if (verdict || name === "rest" || name === "cancel") page.goTo(page.currentTile());
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
function onTile(tile) {
  if (rest.isOpen) rest.close();
  page.goTo(tile);
  marking.mark(tile, brush, "click");
}

function onVisibility() {
  marking.clock.see(!document.hidden);
  if (document.hidden) return;
  outbox.hurry();
  pages.renew();
}

/** @param {Event} event */
function onFetchFailed(event) {
  if (/** @type {HTMLElement} */ (event.target).id !== "submit") return;
  pages.stay();
  say("The next page could not be fetched. Press Enter to try again.");
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("visibilitychange", onVisibility);
document.addEventListener("load", (event) => event.target instanceof HTMLImageElement && arrived(event.target), true);
document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && failed(event.target), true);
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, onFetchFailed);
window.addEventListener("resize", () => requestAnimationFrame(fit));
window.addEventListener("online", () => {
  outbox.hurry();
  retryAll();
});
window.addEventListener("beforeunload", (event) => outbox.size && event.preventDefault());
// Unlike htmx's events this comes before the new page is painted.
new MutationObserver((changes) => {
  const isNew = changes.some((change) => [...change.addedNodes].some((node) => /** @type {HTMLElement} */ (node).id === "page"));
  if (isNew) begin();
}).observe(document.body, { childList: true });

watchSetting();
marking.clock.see(!document.hidden);
begin();
outbox.hurry();
