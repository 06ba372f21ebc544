// What a person opened or closed of details[data-stays] stays so when the part of the page is drawn anew.
const nameOf = (details) => details.id || details.querySelector("summary").firstChild.textContent.trim();
const all = (root) => [...root.querySelectorAll("details[data-stays]")];

document.addEventListener("click", ({ target }) => {
  const summary = target.closest?.("details[data-stays] > summary");
  if (summary) summary.parentElement.dataset.chosen = "";
});

/** What was chosen in `root`: open or not, by name. */
export const chosenIn = (root) => new Map(all(root).filter((one) => "chosen" in one.dataset).map((one) => [nameOf(one), one.open]));

/** Have it so again in what was drawn anew. */
export function choose(root, chosen) {
  for (const details of all(root)) {
    if (!chosen.has(nameOf(details))) continue;
    details.open = chosen.get(nameOf(details));
    details.dataset.chosen = "";
  }
}

const before = new WeakMap();
document.addEventListener("htmx:beforeSwap", ({ detail }) => before.set(detail.target, chosenIn(detail.target)));
document.addEventListener("htmx:afterSettle", ({ detail }) => { if (before.has(detail.target)) choose(detail.target, before.get(detail.target)); });
