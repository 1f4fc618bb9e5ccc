// @ts-check
/** What the page says to the judge. */

/** @type {Record<string, string>} */
const REFUSALS = {
  "lease-lost": "Not recorded: this page went back to the queue, and others have judged this picture.",
  "batch-closed": "Not recorded: this batch is closed.",
  ruled: "Not needed: this picture has been decided meanwhile.",
  submitted: "Cannot be taken back: the page is submitted. Give another verdict instead.",
  "not-yours": "Not recorded: this batch is no longer assigned to you.",
  "unknown-candidate": "Not recorded: this picture is not known here.",
  "id-reused": "Not recorded. Please mark it again.",
  erased: "Not needed: this picture has been removed.",
  paused: "Not recorded: you are paused in this batch. Please ask an admin.",
  "not-understood": "Not recorded: the server did not understand. Please mark it again.",
};

/** After these, no verdict on the picture is asked for any more. */
export const WITHDRAWN = new Set(["ruled", "erased", "lease-lost", "batch-closed", "not-yours", "unknown-candidate", "paused"]);

/** @param {string | null | undefined} reason */
export const refusal = (reason) => REFUSALS[reason ?? ""] ?? REFUSALS["not-understood"];

/**
 * @param {import("./outbox.js").State} state
 * @param {number} waiting
 */
export function saving(state, waiting) {
  if (state === "saved") return "Saved";
  if (state === "saving") return "Saving …";
  if (state === "offline") return `Offline · ${waiting} waiting`;
  if (state === "signed-out") return `Signed out · ${waiting} waiting`;
  return `${waiting} waiting · trying again`;
}

/** @param {number} count */
export const pictures = (count) => (count === 1 ? "1 picture" : `${count} pictures`);

/** @param {number} count */
export const missing = (count) => (count === 1 ? "1 picture has no verdict yet." : `${count} pictures have no verdict yet.`);

/** @param {number} status of the answer that held no page */
export function unreachable(status) {
  if (status === 401) return "You are signed out. Sign in again to get the next page.";
  return "The next page could not be fetched. Press Enter to try again.";
}

/** @param {{marked: number, seconds: number}} pace */
export function pace({ marked, seconds }) {
  if (marked < 20) return "";
  return `${pictures(marked)} in this sitting, ${(seconds / marked).toFixed(1)} s each`;
}

/** @type {Record<string, string>} */
export const SIGN_IN = {
  wrong: "This password does not fit.",
  locked: "Too many attempts failed. Please wait a quarter of an hour; your marks are kept.",
  offline: "The server cannot be reached. Your marks are kept.",
  "somebody else": "Somebody else is signed in here. Your marks are kept until you are back.",
};
