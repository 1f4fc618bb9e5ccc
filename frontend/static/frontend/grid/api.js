// @ts-check
/** Calls this server as the person who is signed in. */

/**
 * @typedef {object} Answer
 * @property {number} status 0 if there was no answer
 * @property {any} body
 * @property {number} wait seconds that the server asks to wait, or 0
 *
 * @typedef {"again" | "offline" | "signed-out" | "server"} Problem
 */

const TIMEOUT = 15_000;
/** Browsers refuse requests over 64 kB that outlive the page. */
const LARGEST_KEEPALIVE = 60_000;

const apiRoot = () => document.body.dataset.api ?? "/api/v1/";

function newestToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : "";
}

// The token from when the page was loaded, not the newest one. Signing in changes it. So the server refuses
// marks that are sent after another person has signed in in this browser, and the marks stay in the outbox.
let token = newestToken();

/** Use the newest token from now on. First check that the same person is signed in. */
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
    const response = await fetch(apiRoot() + path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: text,
      credentials: "same-origin",
      // So that a mark made just before leaving the page still arrives.
      keepalive: method === "PUT" && (text?.length ?? 0) < LARGEST_KEEPALIVE,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    return {
      status: response.status,
      body: parseJson(await response.text()),
      wait: Number(response.headers.get("Retry-After")) || 0,
    };
  } catch {
    return { status: 0, body: null, wait: 0 };
  }
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @typedef {{status: number, element: HTMLElement | null}} FetchedPage status 0 if there was no answer,
 *   401 if no person is signed in
 */

/**
 * Lease a page of a batch. Return its `main` element.
 * @param {string} address
 * @returns {Promise<FetchedPage>}
 */
export async function leasePage(address) {
  const answer = await fetchPage(address, "POST");
  // The token changes when the same person signs in again in another tab.
  return answer.status === 403 && (await isSamePerson()) ? fetchPage(address, "POST") : answer;
}

/**
 * Fetch a page of this site. Return its `main` element.
 * @param {string} address
 * @param {string} [method]
 * @returns {Promise<FetchedPage>}
 */
export async function fetchPage(address, method = "GET") {
  try {
    const response = await fetch(address, {
      method,
      headers: { "HX-Request": "true", "HX-Current-URL": location.href, "X-CSRFToken": token },
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.headers.has("HX-Redirect")) return { status: 401, element: null };
    const html = new DOMParser().parseFromString(await response.text(), "text/html");
    const element = /** @type {HTMLElement | null} */ (html.getElementById("page"));
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
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.type === "opaqueredirect") return "signed-in";
    return response.status === 429 ? "locked" : "wrong";
  } catch {
    return "offline";
  }
}

/**
 * Return why a call should be retried, or null if its answer is final. "again" means that the same person
 * has signed in again and the call can be retried at once.
 * @param {Answer} answer
 * @returns {Promise<Problem | null>}
 */
export async function callProblem(answer) {
  if (answer.status === 0) return "offline";
  if (answer.status === 401 || answer.status === 403) return (await isSamePerson()) ? "again" : "signed-out";
  if (answer.status === 429 || answer.status === 408 || answer.status >= 500) return "server";
  return null;
}

/** Return whether the person of this page is signed in. If so, use the new token. */
export async function isSamePerson() {
  const me = await call("GET", "me/");
  const isSame = me.status === 200 && me.body?.username === document.body.dataset.username;
  if (isSame) adoptToken();
  return isSame;
}
