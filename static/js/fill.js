// Fills in what follows from a choice, and never touches what a person typed or chose:
// select[data-sets=FIELD] > option[data-gives=VALUE], and [data-fills=FIELD][data-value] in what htmx brings in.

function fill(field, value) {
  if (!field || (field.value && field.value !== field.dataset.filled)) return;
  field.dataset.filled = value;
  if (field.tomselect) field.tomselect.setValue(value, true);
  else field.value = value;
}

for (const chosen of ["chosen", "change"]) document.addEventListener(chosen, (event) => {
  const select = event.target;
  const value = select.matches?.("select[data-sets]") && select.selectedOptions[0]?.dataset.gives;
  if (value) fill(select.form.elements[select.dataset.sets], value);
});

document.addEventListener("htmx:afterSwap", (event) => {
  for (const source of event.detail.target.querySelectorAll("[data-fills]")) {
    fill(document.querySelector(`form [name="${source.dataset.fills}"]`), source.dataset.value);
  }
});
