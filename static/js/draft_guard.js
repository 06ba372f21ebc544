// Warns before a page is left whose form[data-guard] holds typed text that was not sent.
let dirty = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) dirty.add(form);
});
for (const done of ["submit", "reset"]) document.addEventListener(done, (event) => dirty.delete(event.target));

addEventListener("beforeunload", (event) => {
  const typed = [...dirty].some((form) => form.isConnected && [...form.elements].some((field) => field.matches("textarea,input[type=text]") && field.value !== field.defaultValue));
  if (typed) event.preventDefault();
});
