// @ts-check
/** The form of a new batch: finds judges by a part of their names, and reports a failed preview. */

const SHORT_LIST = 12;

const search = /** @type {HTMLInputElement | null} */ (document.getElementById("judges-search"));
const judges = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".check-list .check")]);

if (search && judges.length > SHORT_LIST) {
  search.closest(".search")?.removeAttribute("hidden");
  search.addEventListener("input", () => {
    const part = search.value.trim().toLowerCase();
    for (const judge of judges) {
      // Selected judges stay visible.
      const isSelected = Boolean(judge.querySelector(":checked"));
      judge.hidden = !isSelected && !judge.textContent?.toLowerCase().includes(part);
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it must not submit the form
  });
}

for (const event of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(event, () => {
    const message = document.createElement("p");
    message.className = "note error";
    message.setAttribute("role", "alert");
    message.textContent = "The preview could not be loaded. Please try again.";
    document.getElementById("mix")?.replaceChildren(message);
  });
}
