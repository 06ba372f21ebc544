// After htmx swapped something in, focus goes to what changed: the first error, a field marked
// autofocus, the title of an opened form. A whole page that came back with errors begins at the first one. Closing a form in place brings focus back to its button.
let opener = null;

document.querySelector("main .is-invalid")?.focus();

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("a,button")) opener = event.detail.elt;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  if (!target.matches("[data-focus],[data-focus] *")) return;
  const next = target.querySelector("[data-first-error],.is-invalid,[autofocus]") ?? target.querySelector(".fields :is(input,select,textarea):not([type=hidden])") ?? target.querySelector("[tabindex='-1']")
    ?? (document.activeElement === document.body ? target.querySelector("button") : null); // what was pressed is gone with what it stood in
  next?.focus({ preventScroll: true });
  target.scrollIntoView({ block: "nearest" });
  next?.closest("[data-first-error]")?.scrollIntoView({ block: "nearest" }); // a long form shows its middle otherwise
});

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("[data-focus] [data-cancel]");
  if (!cancel || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  cancel.closest("[data-focus]").replaceChildren();
  (opener?.closest("details.menu")?.querySelector("summary") ?? opener)?.focus();
});
