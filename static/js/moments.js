// Buttons with usual moments below a date field ([data-moment]): a press puts the moment into the field.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-moment]");
  const field = button?.closest(".field")?.querySelector("input[type=datetime-local]");
  if (!field) return;
  field.value = button.dataset.moment;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  (field.closest(".own-date")?.querySelector("[type=text]") ?? field).focus();
});
