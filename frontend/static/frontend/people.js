// @ts-check
/** The page of people: copies the link of an invitation. */

import { watchLook } from "./settings.js";

watchLook();

for (const button of document.querySelectorAll("[data-copies]")) {
  const copy = /** @type {HTMLButtonElement} */ (button);
  const link = /** @type {HTMLInputElement} */ (document.getElementById(copy.dataset.copies ?? ""));
  // Over plain HTTP a browser has no clipboard to offer; the link is selected all the same.
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Copy it by hand";
    }
  });
  link.addEventListener("focus", () => link.select());
}
