// After htmx swapped something in, focus goes to what changed: the first error, a field marked
// autofocus, the title of an opened form. A whole page that came back begins where the person looks next: at the first field
// with an error, else at the answer ([data-answer]: what would follow, what was found), else at what is wrong with all.
// Closing a form in place brings focus back to its button.
let opener = null;

const first = ["main .is-invalid", "main [data-answer]", "main [data-first-error]"].map((name) => document.querySelector(name)).find(Boolean);
first?.focus({ preventScroll: true }); // it is content with a part, below a foot that sticks
first?.scrollIntoView({ block: first.offsetHeight < innerHeight / 2 ? "center" : "start", behavior: "instant" }); // it begins there, it does not travel

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("a,button")) opener = event.detail.elt;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  if (!target.matches("[data-focus],[data-focus] *")) return;
  const next = target.querySelector("[data-first-error],.is-invalid,[autofocus]") ?? target.querySelector(".fields :is(input,select,textarea):not([type=hidden])") ?? target.querySelector("[tabindex='-1']")
    ?? (document.activeElement === document.body ? target.querySelector("button") ?? document.getElementById("main") : null); // what was pressed is gone with what it stood in
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
