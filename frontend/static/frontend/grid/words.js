// @ts-check
/** The texts of the judge's page. */

/** @type {Record<string, string>} */
const REFUSALS = {
  "lease-lost": "Not saved: this page went back to the queue, and other judges have judged this picture.",
  "batch-closed": "Not saved: this batch is closed.",
  ruled: "Not needed: this picture has been decided.",
  submitted: "You cannot undo this, because the page is submitted. Change the verdict instead.",
  "not-yours": "Not saved: you are no longer a judge of this batch.",
  "unknown-candidate": "Not saved: this picture does not exist.",
  "id-reused": "Not saved. Please mark it again.",
  erased: "Not needed: this picture has been removed.",
  paused: "Not saved: you are paused in this batch. Please ask an admin.",
  "not-understood": "Not saved: the server could not read the mark. Please mark it again.",
};

/** Refusals after which the picture needs no verdict any more. */
export const WITHDRAWN = new Set([
  "ruled",
  "erased",
  "lease-lost",
  "batch-closed",
  "not-yours",
  "unknown-candidate",
  "paused",
]);

export const LEASE_LOST =
  "This page went back to the queue, because you did nothing on it for some time. Your marks are saved where possible.";
export const NOT_SUBMITTED = "A page could not be submitted: a picture on it has no verdict.";
export const SIGNED_OUT = "You are signed out. Your marks are stored in this browser. Sign in again to send them.";

/** @param {string | null | undefined} reason */
export const refusal = (reason) => REFUSALS[reason ?? ""] ?? REFUSALS["not-understood"];

/**
 * @param {import("./outbox.js").State} state
 * @param {number} waitingCount
 */
export function saving(state, waitingCount) {
  if (state === "saved") return "Saved";
  if (state === "saving") return "Saving …";
  if (state === "offline") return `Offline · ${waitingCount} waiting`;
  if (state === "signed-out") return `Signed out · ${waitingCount} waiting`;
  return `${waitingCount} waiting · trying again`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
const count = (number, noun) => (number === 1 ? `1 ${noun}` : `${number} ${noun}s`);

/** @param {number} number */
export const pictures = (number) => count(number, "picture");

/** @param {number} number */
export const brokenFiles = (number) => count(number, "broken file");

/** @param {number} number */
export const marks = (number) => count(number, "mark");

/** @param {number} number */
export const missing = (number) => `${pictures(number)} ${number === 1 ? "has" : "have"} no verdict yet.`;

/** @param {number} status of the answer without a page */
export function unreachable(status) {
  if (status === 401) return "You are signed out. Sign in again to get the next page.";
  return "The next page could not be loaded. Press Enter to try again.";
}

/** @param {{marked: number, seconds: number}} pace */
export function pace({ marked, seconds }) {
  if (marked < 20) return "";
  return `${pictures(marked)} in this session, ${(seconds / marked).toFixed(1)} s each`;
}

/** @type {Record<string, string>} */
export const SIGN_IN = {
  wrong: "Wrong password.",
  locked: "Too many attempts failed. Wait 15 minutes, then try again. Your marks are stored in this browser.",
  offline: "The server cannot be reached. Your marks are stored in this browser.",
  "another-person": "Another person is signed in here. Your marks stay in this browser until you sign in again.",
};
