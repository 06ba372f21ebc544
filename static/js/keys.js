// One key per command: [data-key="n"] is clicked, or focused when it is a field; data-key-focus goes on to another. J and K walk through
// a[data-row]; "?" lists what the page offers; Ctrl+Enter sends the form one is typing in.
// A field in a dialog that was just closed keeps the keyboard until the page is drawn again; nobody types there any more.
const typing = (element) => element.checkVisibility() && element.closest("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
// What a closed menu holds keeps its key; what a small screen hides does not.
const visible = (element) => element.closest("details.menu") || (element.checkVisibility?.() ?? true);
const commands = () => [...document.querySelectorAll("[data-key]")].filter(visible);

function walk(step) {
  const rows = [...document.querySelectorAll("a[data-row]")];
  const focused = rows.indexOf(document.activeElement);
  const here = focused < 0 ? rows.findIndex((row) => row.ariaCurrent === "true") : focused;
  rows[Math.min(Math.max(here + step, 0), rows.length - 1)]?.focus();
}

function line(dialog, key, label) {
  const copy = dialog.querySelector("template").content.cloneNode(true);
  copy.querySelector("kbd").textContent = key;
  copy.querySelector("dd").textContent = label;
  dialog.querySelector("[data-keys]").append(copy);
}

function list() {
  const dialog = document.getElementById("keys");
  dialog.querySelector("[data-keys]").replaceChildren();
  const told = new Set();
  for (const command of commands()) {
    if (told.has(command.dataset.key)) continue; // the first one has the key: ticked lines before the open ticket
    told.add(command.dataset.key);
    const label = command.ariaLabel || command.querySelector("span")?.textContent || command.textContent;
    line(dialog, command.dataset.key.toUpperCase(), label.trim());
  }
  for (const always of dialog.querySelectorAll("[data-keys-always] span")) line(dialog, always.dataset.of, always.textContent);
  if (!dialog.open) dialog.showModal();
}

function run(command) {
  if (typing(command)) command.focus();
  else command.click();
  if (command.dataset.keyFocus) document.querySelector(command.dataset.keyFocus)?.focus();
}

// Before anybody else: a choice that has the keyboard would take Ctrl+Enter for choosing what it offers first.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  event.target.form.requestSubmit();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur(); // from writing back to commands
  if (typing(event.target) || document.querySelector("form[aria-busy=true]")) return; // what is typed behind a form that is being sent is no command
  const dialog = document.querySelector("dialog[open]"); // has the keyboard alone
  const key = event.key.toLowerCase();
  const command = commands().find((element) => element.dataset.key === key && (!dialog || dialog.contains(element)));
  if (command) run(command);
  else if (dialog) return;
  else if (key === "?") list();
  else if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dialog=keys]")) list();
});
