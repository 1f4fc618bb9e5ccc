// @ts-check
/** One tab sends at a time, and tells the others what became of it. */

/**
 * @typedef {import("./outbox.js").News} News
 * @typedef {import("./outbox.js").Doors} Doors
 */

/**
 * @param {string} person
 * @param {(news: News[]) => void} hear
 * @returns {Pick<Doors, "alone" | "tell">}
 */
export function tabsOf(person, hear) {
  const name = `labeler.outbox.${person}`;
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
  channel?.addEventListener("message", (event) => hear(event.data));
  return {
    // Without locks two tabs may send the same marks: their ids make that harmless.
    alone: async (work) => {
      if (navigator.locks) await navigator.locks.request(name, work);
      else await work();
    },
    tell: (news) => channel?.postMessage(news),
  };
}
