// @ts-check
/** A new batch: finds judges by a part of their names, and says when no mix comes. */

const FEW = 12;

const search = /** @type {HTMLInputElement | null} */ (document.getElementById("judges-search"));
const judges = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".choices .check")]);

if (search && judges.length > FEW) {
  search.closest(".search")?.removeAttribute("hidden");
  search.addEventListener("input", () => {
    const part = search.value.trim().toLowerCase();
    for (const judge of judges) {
      // Who is chosen stays in sight.
      const isChosen = Boolean(judge.querySelector(":checked"));
      judge.hidden = !isChosen && !judge.textContent?.toLowerCase().includes(part);
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it is no answer to the form
  });
}

for (const event of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(event, () => {
    const said = document.createElement("p");
    said.className = "note error";
    said.setAttribute("role", "alert");
    said.textContent = "The mix could not be shown just now. Please try again.";
    document.getElementById("mix")?.replaceChildren(said);
  });
}
