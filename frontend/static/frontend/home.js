// @ts-check
/** A judge's home: sends what an earlier visit could not, and says how that goes. */

import { call, trouble } from "./grid/api.js";
import { Outbox } from "./grid/outbox.js";
import { Shelf } from "./grid/shelf.js";
import { tabsOf } from "./grid/tabs.js";
import * as words from "./grid/words.js";
import { watchLook } from "./settings.js";

const person = document.body.dataset.user ?? "";
let refused = 0;

const outbox = new Outbox(new Shelf(person), {
  send: (marks) => call("PUT", "judgments/", { judgments: marks }),
  submit: (assignment) => call("POST", `assignments/${assignment}/submit/`),
  trouble,
  answered: ({ outcome }) => {
    refused += Number(outcome.status === "refused");
  },
  changed: show,
  ...tabsOf(person, (news) => outbox.hear(news)),
});

/**
 * @param {import("./grid/outbox.js").State} state
 * @param {number} waiting
 */
function show(state, waiting) {
  const place = document.getElementById("waiting");
  if (!place) return;
  const told = refused ? ` ${words.pictures(refused)} could not be recorded; open the batch to see why.` : "";
  place.hidden = state === "saved" && !told && place.hidden;
  place.textContent = state === "saved" ? `Everything is sent.${told}` : `${words.pictures(waiting)} marked before and not sent yet. ${words.saving(state, waiting)}`;
}

watchLook();
window.addEventListener("online", () => outbox.hurry());
outbox.open();
