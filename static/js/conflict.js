// Comparing with what somebody else changed: the choice "theirs" shows in the field at once, "mine" brings the typed text back.
// A refusal (X-Refusal) is drawn whatever its status: it says why, and holds what was typed.
// What was refused because the ticket moved on is drawn as it is now, without a press of a key.
import { news } from "./live_ticket.js";

const typed = new WeakMap();

function put(field, value, label) {
  if (field.tomselect) {
    if (value) field.tomselect.addOption({ value, text: label });
    field.tomselect.setValue(value, true);
  } else field.value = value;
}

document.addEventListener("change", (event) => {
  const choice = event.target;
  if (!choice.matches?.(".conflict [name^='take-']")) return;
  const field = choice.form.elements[choice.name.slice("take-".length)];
  if (!field) return;
  if (!typed.has(choice.form)) typed.set(choice.form, {});
  const mine = typed.get(choice.form);
  if (choice.value === "theirs") {
    mine[choice.name] = field.value;
    put(field, choice.dataset.theirs, choice.dataset.label);
  } else if (choice.name in mine) put(field, mine[choice.name]);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.xhr.getResponseHeader("X-Refusal")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const number = document.querySelector("[data-ticket]")?.dataset.ticket;
  if (number && detail.xhr?.getResponseHeader("X-Refusal")) news({ number, notes: [] });
});
