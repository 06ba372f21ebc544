// dialog#sheet shows the form that htmx brings into its #action-panel, over the list it belongs to.
const sheet = document.getElementById("sheet");
const panel = sheet?.querySelector("#action-panel");

function close() {
  panel.replaceChildren();
  if (sheet.open) sheet.close();
}

if (sheet) {
  panel.addEventListener("htmx:afterSwap", () => { if (panel.childElementCount && !sheet.open) sheet.showModal(); });
  sheet.addEventListener("close", () => panel.replaceChildren());
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("#sheet [data-cancel]");
    if (!cancel || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    close();
  });
  document.addEventListener("go", close);
}
