// @ts-check
/** Watches the pictures: whether they came, have been seen, and where frames lie. */

const TRIES = 3;

/** Set while no page is shown. @type {IntersectionObserver | undefined} */
let watcher;

/** A page has been painted: watch which of its tiles come on the screen. */
export function watch() {
  watcher?.disconnect();
  watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) /** @type {HTMLElement} */ (entry.target).dataset.seen = "";
      }
    },
    { threshold: 0.5, rootMargin: uncovered() },
  );
  for (const tile of document.querySelectorAll("#page .tile")) watcher.observe(tile);
  for (const picture of document.querySelectorAll("#page .tile img")) {
    // What came or failed before this script was there.
    if (picture instanceof HTMLImageElement && picture.complete && picture.getAttribute("src")) {
      if (picture.naturalWidth) arrived(picture);
      else failed(picture);
    }
  }
}

/** The part of the window that no bar lies over: on a phone one is above and one below. */
function uncovered() {
  const [above, below] = [".entity", ".marking"].map((bar) => {
    const element = document.querySelector(`#page ${bar}`);
    const isBar = element && getComputedStyle(element).position === "sticky";
    return isBar ? element.getBoundingClientRect().height : 0;
  });
  return `${-above}px 0px ${-below}px 0px`;
}

/**
 * Fetch and decode the pictures of a page that is not shown yet, so that all of them
 * are there in the frame that paints it.
 * @param {HTMLElement} element
 */
export async function prepare(element) {
  await Promise.allSettled(
    [...element.querySelectorAll("img")].map(async (picture) => {
      await picture.decode();
      picture.decoding = "sync";
    }),
  );
}

/**
 * A frame's corners are shares of the picture: once its sides are known, the drawing
 * lies over it exactly, because both are fitted into the tile in the same way.
 * @param {HTMLImageElement} picture
 */
export function arrived(picture) {
  const tile = /** @type {HTMLElement | null} */ (picture.closest(".tile"));
  if (tile) delete tile.dataset.failed;
  picture.parentElement
    ?.querySelector(".frame")
    ?.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
}

/**
 * A picture that does not come is asked for again; it is not broken for that.
 * @param {HTMLImageElement} picture
 */
export function failed(picture) {
  const tile = /** @type {HTMLElement | null} */ (picture.closest(".tile"));
  if (!tile) {
    // More pictures to compare with are no loss where they do not come.
    picture.closest(".settled li")?.remove();
    return;
  }
  const tried = Number(picture.dataset.tried ?? 0) + 1;
  picture.dataset.tried = String(tried);
  tile.dataset.failed = tried > TRIES ? "given-up" : "";
  if (tried <= TRIES) setTimeout(() => retry(picture), 1000 * 2 ** tried);
}

/** @param {HTMLImageElement} picture */
function retry(picture) {
  if (picture.isConnected) picture.src = picture.src; // eslint-disable-line no-self-assign
}

/** Ask again for every picture that did not come; the network is back. */
export function retryAll() {
  for (const picture of document.querySelectorAll("#page .tile[data-failed] img")) {
    if (picture instanceof HTMLImageElement) {
      picture.dataset.tried = "0";
      retry(picture);
    }
  }
}
