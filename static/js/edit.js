// Properties edited in place: [data-editable] takes the form that htmx brings, and has its value back when that is cancelled.
const before = new WeakMap();

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.matches("[data-editable]")) before.set(detail.target, [...detail.target.childNodes]);
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const form = detail.elt.closest?.(".inline-form") ?? detail.target.querySelector(".inline-form");
  form?.querySelector("input:not([type=hidden]),select,textarea")?.focus();
});

function cancel(form) {
  const place = form.closest("[data-editable]");
  if (!before.has(place)) return form.remove();
  place.replaceChildren(...before.get(place));
  window.htmx.process(place); // htmx forgot what it had taken out
  place.querySelector(".edit")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-cancel-edit]");
  if (!link) return;
  event.preventDefault();
  cancel(link.closest(".inline-form"));
});

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.(".inline-form");
  if (!form) return;
  event.preventDefault();
  event.stopPropagation();
  cancel(form);
}, true);
