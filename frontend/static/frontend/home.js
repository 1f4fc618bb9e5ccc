// @ts-check
/** A judge's home page: sends marks that an earlier visit could not send, and shows the progress. */

import { call, callProblem } from "./grid/api.js";
import { Outbox } from "./grid/outbox.js";
import { OutboxStorage } from "./grid/outbox_storage.js";
import { shareBetweenTabs } from "./grid/tabs.js";
import * as words from "./grid/words.js";
import { bindAppearance } from "./settings.js";

const person = document.body.dataset.user ?? "";
let refusedCount = 0;

const outbox = new Outbox(new OutboxStorage(person), {
  send: (marks) => call("PUT", "judgments/", { judgments: marks }),
  submit: (assignment) => call("POST", `assignments/${assignment}/submit/`),
  callProblem,
  onResult: ({ outcome }) => {
    refusedCount += Number(outcome.status === "refused");
  },
  onChange: show,
  ...shareBetweenTabs(person, (results) => outbox.receive(results)),
});

/**
 * @param {import("./grid/outbox.js").State} state
 * @param {number} waitingCount
 */
function show(state, waitingCount) {
  const note = document.getElementById("waiting");
  if (!note) return;
  const refused = refusedCount
    ? ` ${words.pictures(refusedCount)} could not be saved. Open the batch to see the reason.`
    : "";
  note.hidden = state === "saved" && !refused && note.hidden;
  note.textContent =
    state === "saved"
      ? `All marks are sent.${refused}`
      : `${words.marks(waitingCount)} of an earlier visit not sent yet. ${words.saving(state, waitingCount)}`;
}

bindAppearance();
window.addEventListener("online", () => outbox.hurry());
outbox.open();
