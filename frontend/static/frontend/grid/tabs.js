// @ts-check
/** Lets one tab send at a time, and shares its results with the other tabs. */

/**
 * @typedef {import("./outbox.js").Result} Result
 * @typedef {import("./outbox.js").Services} Services
 * @typedef {{entry: import("./outbox.js").Item, outcome: import("./outbox.js").Outcome}} Message
 */

/**
 * @param {string} person
 * @param {(results: Result[]) => void} receive
 * @returns {Pick<Services, "runAlone" | "tellOtherTabs">}
 */
export function shareBetweenTabs(person, receive) {
  const name = `labeler.outbox.${person}`;
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
  channel?.addEventListener("message", (event) => receive(event.data.map(fromMessage)));
  return {
    // Without locks, two tabs can send the same marks. Their ids make that harmless.
    runAlone: async (work) => {
      if (navigator.locks) await navigator.locks.request(name, work);
      else await work();
    },
    tellOtherTabs: (results) => channel?.postMessage(results.map(toMessage)),
  };
}

// The name `entry` is older than `item`. It stays in messages, because another tab may run an older version.

/** @param {Result} result @returns {Message} */
const toMessage = ({ item, outcome }) => ({ entry: item, outcome });

/** @param {Message} message @returns {Result} */
const fromMessage = ({ entry, outcome }) => ({ item: entry, outcome });
