// <details class="menu">, <details data-menu>: closes by Escape, by a click elsewhere, and when another one opens.
const open = () => document.querySelectorAll("details.menu[open], details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  event.target.closest("a.menu-item")?.closest("details.menu")?.removeAttribute("open");
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
}, true);

// What is to be typed first has the keyboard as soon as a menu shows it, also the second time.
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.matches("details.menu")) event.target.querySelector("[autofocus]")?.focus();
}, true);
