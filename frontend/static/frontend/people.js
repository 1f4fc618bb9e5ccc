// @ts-check
/** The page of people: copies the link of an invitation. */

import { bindAppearance } from "./settings.js";

bindAppearance();

for (const element of document.querySelectorAll("[data-copies]")) {
  const button = /** @type {HTMLButtonElement} */ (element);
  const link = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copies ?? ""));
  // Browsers offer no clipboard over plain HTTP. A click on the link still selects it.
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy it by hand";
    }
  });
  link.addEventListener("focus", () => link.select());
}
