// @ts-check
/** Watches the pictures: whether they are loaded, were seen, and where their frames are. */

const LAST_RETRY = 3;

/** Undefined until a page is shown. @type {IntersectionObserver | undefined} */
let observer;

/** Start with a new page: record which of its tiles come into view. */
export function watch() {
  observer?.disconnect();
  observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) /** @type {HTMLElement} */ (entry.target).dataset.seen = "";
      }
    },
    { threshold: 0.5, rootMargin: marginOfBars() },
  );
  for (const tile of document.querySelectorAll("#page .tile")) observer.observe(tile);
  for (const picture of document.querySelectorAll("#page .tile img")) {
    // Pictures that loaded or failed before this script ran.
    if (picture instanceof HTMLImageElement && picture.complete && picture.getAttribute("src")) {
      if (picture.naturalWidth) onPictureLoaded(picture);
      else onPictureFailed(picture);
    }
  }
}

/** Return the margin of the window that bars cover: on a phone there is one above and one below. */
function marginOfBars() {
  const [above, below] = [".entity", ".marking"].map((bar) => {
    const element = document.querySelector(`#page ${bar}`);
    const isBar = element && getComputedStyle(element).position === "sticky";
    return isBar ? element.getBoundingClientRect().height : 0;
  });
  return `${-above}px 0px ${-below}px 0px`;
}

/**
 * Fetch and decode the pictures of a prefetched page, so that all of them appear in the frame that shows it.
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
 * Set the frame's view box to the size of the picture. The corners of the frame are fractions of the picture, and
 * both are fitted into the tile in the same way, so the frame lies exactly on the picture.
 * @param {HTMLImageElement} picture
 */
export function onPictureLoaded(picture) {
  const tile = /** @type {HTMLElement | null} */ (picture.closest(".tile"));
  if (tile) delete tile.dataset.failed;
  picture.parentElement
    ?.querySelector(".frame")
    ?.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
}

/**
 * Retry a picture that failed to load. That does not mean that the file is broken.
 * @param {HTMLImageElement} picture
 */
export function onPictureFailed(picture) {
  const tile = /** @type {HTMLElement | null} */ (picture.closest(".tile"));
  if (!tile) {
    // Settled pictures are optional.
    picture.closest(".settled li")?.remove();
    return;
  }
  const attempts = Number(picture.dataset.tried ?? 0) + 1;
  picture.dataset.tried = String(attempts);
  tile.dataset.failed = attempts > LAST_RETRY ? "given-up" : "";
  if (attempts <= LAST_RETRY) setTimeout(() => retry(picture), 1000 * 2 ** attempts);
}

/** @param {HTMLImageElement} picture */
function retry(picture) {
  const address = picture.src;
  if (picture.isConnected) picture.src = address; // assigning the same address loads the picture again
}

/** Retry every picture that failed, because the network is back. */
export function retryAll() {
  for (const picture of document.querySelectorAll("#page .tile[data-failed] img")) {
    if (picture instanceof HTMLImageElement) {
      picture.dataset.tried = "0";
      retry(picture);
    }
  }
}
