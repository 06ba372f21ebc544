// A message that offers to take a step back goes away when that was asked for; Z asks for the newest one.
document.addEventListener("htmx:afterRequest", ({ target }) => {
  if (target.matches?.("[data-undo]")) target.closest("[data-toast]")?.remove();
});
