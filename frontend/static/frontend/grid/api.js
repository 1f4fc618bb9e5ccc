// @ts-check
/** Speaks to this server as the person who is signed in. */

/**
 * @typedef {object} Answer
 * @property {number} status 0 when no answer came
 * @property {any} body
 * @property {number} wait seconds that the server asks to wait, 0 if it does not
 */

const PATIENCE = 15_000;
/** Browsers refuse more than 64 kB that shall outlive the page. */
const KEPT_ALIVE = 60_000;

/** The address of the API. */
const base = () => document.body.dataset.api ?? "/api/v1/";

function newestToken() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found ? found[1] : "";
}

// The token as it was when this page came, not the newest: signing in changes it, so
// that what is sent after somebody else has signed in here is refused, and kept.
let token = newestToken();

/** Speak from now on for whoever is signed in now; check first who that is. */
export function adoptToken() {
  token = newestToken();
}

/**
 * @param {string} method
 * @param {string} path below /api/v1/
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function call(method, path, body) {
  const text = body && JSON.stringify(body);
  try {
    const response = await fetch(base() + path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: text,
      credentials: "same-origin",
      // A mark made just before the page is left still arrives.
      keepalive: method === "PUT" && (text?.length ?? 0) < KEPT_ALIVE,
      signal: AbortSignal.timeout(PATIENCE),
    });
    return {
      status: response.status,
      body: readJson(await response.text()),
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
 * Fetch the inner part of a page of this site; its `main` element, ready to be shown.
 * @param {string} address
 * @returns {Promise<{status: number, element: HTMLElement | null}>} status 0 when no
 *   answer came, 401 when nobody is signed in
 */
export async function fetchPage(address) {
  try {
    const response = await fetch(address, {
      headers: { "HX-Request": "true", "HX-Current-URL": location.href },
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.headers.has("HX-Redirect")) return { status: 401, element: null };
    const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
    const element = /** @type {HTMLElement | null} */ (parsed.getElementById("page"));
    return { status: response.status, element: element && document.adoptNode(element) };
  } catch {
    return { status: 0, element: null };
  }
}

/**
 * Sign in again without leaving the page.
 * @param {string} username
 * @param {string} password
 * @returns {Promise<"signed-in" | "wrong" | "locked" | "offline">}
 */
export async function signIn(username, password) {
  try {
    const response = await fetch(document.body.dataset.signIn ?? "/sign-in/", {
      method: "POST",
      headers: { "X-CSRFToken": newestToken() },
      body: new URLSearchParams({ username, password }),
      credentials: "same-origin",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.type === "opaqueredirect") return "signed-in";
    return response.status === 429 ? "locked" : "wrong";
  } catch {
    return "offline";
  }
}

/**
 * Why a call may go better later; null where it was answered for good, and "again" where
 * the same person has signed in anew meanwhile and it may be sent at once.
 * @param {Answer} answer
 * @returns {Promise<"again" | "offline" | "signed-out" | "server" | null>}
 */
export async function trouble(answer) {
  if (answer.status === 0) return "offline";
  if (answer.status === 401 || answer.status === 403) return (await isStillMe()) ? "again" : "signed-out";
  if (answer.status === 429 || answer.status === 408 || answer.status >= 500) return "server";
  return null;
}

/** Whether the person of this page is signed in; then this page speaks for them again. */
export async function isStillMe() {
  const me = await call("GET", "me/");
  const isMe = me.status === 200 && me.body?.username === document.body.dataset.username;
  if (isMe) adoptToken();
  return isMe;
}
