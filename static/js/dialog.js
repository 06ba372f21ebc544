// [data-dialog=ID] opens a native dialog; [data-close] closes it; so does a click beside it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && opener.dataset.dialog !== "keys") document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.matches("dialog[open]")) event.target.close();
  if (event.target.closest("dialog [data-close]")) event.target.closest("dialog").close();
});
