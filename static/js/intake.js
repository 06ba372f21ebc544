// Registering a call without leaving the keyboard: Alt + key goes to a part of form[data-intake] or takes a suggestion;
// choosing the caller goes on to the summary; what stands beside the form is taken over by one click.
const form = document.querySelector("form[data-intake]");
const field = (name) => form.elements[name];
const visible = (element) => element.checkVisibility?.() ?? true;

function focusOn(id) {
  const target = document.getElementById(id);
  if (target?.tomselect) target.tomselect.focus();
  else (target?.matches("fieldset") ? target.querySelector("input:checked") ?? target.querySelector("input") : target)?.focus();
}

function choose(select, value, text) {
  if (select.tomselect) {
    if (text) select.tomselect.addOption({ value, text });
    select.tomselect.addItem(value);
  } else {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function link(name, number) {
  const chosen = field(name);
  chosen.value = chosen.value === number ? "" : number;
  chosen.dispatchEvent(new Event("input", { bubbles: true }));
  mark();
}

/** Show which open ticket this one is to be linked to. */
function mark() {
  const chosen = field("main")?.value ?? "";
  for (const button of document.querySelectorAll("[data-main]")) button.ariaPressed = String(button.dataset.main === chosen);
  const known = field("known_error")?.value ?? "";
  for (const button of document.querySelectorAll("[data-known]")) button.ariaPressed = String(button.dataset.known === known);
  const note = form.querySelector("[data-main-note]");
  note.hidden = !chosen;
  note.querySelector("b").textContent = chosen;
}

function onClick(event) {
  const button = event.target.closest("[data-add-item],[data-suggests],[data-main],[data-known],[data-takes-caller]");
  if (!button) return;
  const { addItem, suggests, value, main, known, takesCaller, text } = button.dataset;
  if (addItem) choose(field("items"), addItem, text);
  if (suggests) choose(field(suggests), value);
  if (main) link("main", main);
  if (known) link("known_error", known);
  if (takesCaller) choose(field("requester"), takesCaller, text);
  if (addItem || suggests) button.classList.add("taken");
}

function onKey(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const key = event.code.replace(/^(Key|Digit)/, "").toLowerCase();
  const target = [...document.querySelectorAll(`[data-alt="${key}"]`)].find(visible);
  if (!target) return;
  event.preventDefault();
  if (target.dataset.altTo) focusOn(target.dataset.altTo);
  else target.click();
}

function onChosen({ target }) {
  if (target === field("requester") && target.value) setTimeout(() => focusOn("id_summary"));
  if (field("group") && target === field("group")) {
    field("assignee").tomselect?.clear(true);
    field("assignee").tomselect?.clearOptions();
  }
}

function onSwap({ detail }) {
  const added = detail.target.querySelector("[data-caller]");
  if (added) {
    const requester = field("requester").tomselect;
    requester.addOption({ value: added.dataset.caller, text: added.dataset.text });
    requester.setValue(added.dataset.caller, true);
    focusOn("id_summary");
  }
  if (detail.target.id === "hints") mark();
  if (detail.target.id === "caller" && detail.target.querySelector(".new-caller")) detail.target.querySelector("input:not([type=hidden])").focus();
}

/** A remark to an open ticket of the caller starts with what was typed for a new one. */
function onToggle({ target }) {
  const text = target.open && target.querySelector?.("[data-takes]");
  if (!text) return;
  if (!text.value) text.value = [field("summary").value, field("description").value].filter(Boolean).join("\n");
  text.focus();
}

/** With the caller known (by the telephone system, or kept from before) the next thing to type is the summary. */
function onFirstFocus({ target }) {
  if (!target.closest(".ts-wrapper") || !field("requester").value) return;
  form.removeEventListener("focusin", onFirstFocus);
  setTimeout(() => focusOn("id_summary"));
}

if (form) {
  if (field("requester").value) form.addEventListener("focusin", onFirstFocus);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("toggle", onToggle, true);
  for (const name of ["chosen", "change"]) form.addEventListener(name, onChosen);
  document.addEventListener("htmx:afterSwap", onSwap);
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.matches("[data-new-caller]")) detail.parameters.q ??= field("requester").tomselect?.control_input.value || field("requester").tomselect?.lastQuery || "";
  });
  document.addEventListener("go", () => { // the call was about an open ticket: nothing is left to register
    const discard = form.querySelector("[data-draft-discard]")?.getAttribute("hx-post");
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    if (discard) fetch(discard, { method: "POST", headers, keepalive: true });
  });
}
