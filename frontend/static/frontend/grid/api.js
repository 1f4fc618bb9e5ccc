// @ts-check
/** Speaks to the API of this server as the person who is signed in. */

/**
 * @typedef {object} Answer
 * @property {number} status 0 when no answer came
 * @property {any} body
 * @property {number} wait seconds that the server asks to wait, 0 if it does not
 */

const PATIENCE = 15_000;

/** The token that proves that this page is ours; the newest lies in the cookie. */
function csrfToken() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found ? found[1] : "";
}

/**
 * @param {string} method
 * @param {string} path below /api/v1/
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function call(method, path, body) {
  try {
    const response = await fetch(document.body.dataset.api + path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      // A mark made just before the page is left still arrives.
      keepalive: method === "PUT",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: readJson(text),
      wait: Number(response.headers.get("Retry-After")) || 0,
    };
  } catch {
    return { status: 0, body: null, wait: 0 };
  }
}

/** @param {string} text */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Why a call may go better later; null where it was answered for good.
 * @param {Answer} answer
 * @returns {"offline" | "signed-out" | "server" | null}
 */
export function trouble(answer) {
  if (answer.status === 0) return "offline";
  if (answer.status === 401 || answer.status === 403) return "signed-out";
  if (answer.status === 429 || answer.status === 408 || answer.status >= 500) return "server";
  return null;
}
