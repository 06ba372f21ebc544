// The filter bar narrows the list as one chooses; in the workspace as one types, too, and typing goes on while the list is
// drawn anew. Elsewhere a list is a page of its own: what is typed narrows it with Enter.
// Alt with an arrow key moves a column of the table among the choices. [data-tick] of other forms ticks all or none.
const WAIT = 400;
const queue = document.getElementById("queue");
let timer = 0;
let typing = null;

function submit(form) {
  clearTimeout(timer);
  form.requestSubmit();
}

function remember() {
  const field = document.activeElement;
  typing = field?.closest("form.filters") && field.id ? { id: field.id, value: field.value, at: field.selectionStart } : null;
}

function goOn() {
  const field = typing && document.getElementById(typing.id);
  if (!field) return;
  field.focus({ preventScroll: true });
  if (field.type !== "search") return;
  if (field.value !== typing.value) { // typed further while the list was on its way
    field.value = typing.value;
    timer = setTimeout(() => submit(field.form), WAIT);
  }
  field.setSelectionRange(typing.at, typing.at);
}

function move(event) {
  const label = event.target.closest("[data-sort-list] label");
  const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
  const other = label && event.altKey && step && label[step];
  if (!other?.matches("label")) return;
  event.preventDefault();
  other[event.key === "ArrowUp" ? "before" : "after"](label);
  event.target.focus();
}

document.addEventListener("keydown", move);
document.addEventListener("click", ({ target }) => {
  const all = target.closest("fieldset [data-tick]");
  if (!all) return;
  for (const box of all.closest("fieldset").querySelectorAll("input[type=checkbox]")) box.checked = all.dataset.tick === "all";
});
document.addEventListener("change", ({ target }) => {
  if (target.matches("form.filters select")) submit(target.form);
});
document.addEventListener("formdata", ({ target, formData }) => { // an address names what was chosen, not all that could be
  if (!target.matches("form.filters")) return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});
if (queue) {
  queue.addEventListener("input", ({ target }) => {
    if (!target.matches("form.filters input[type=search]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => submit(target.form), WAIT);
  });
  queue.addEventListener("htmx:beforeSwap", ({ target }) => { if (target === queue) remember(); });
  queue.addEventListener("htmx:afterSwap", ({ target }) => { if (target === queue) goOn(); });
}
