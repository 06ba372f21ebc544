// Forms that stay open beside what others write: [data-live-form] takes over what is stored as long as nobody typed into it;
// where somebody did, the words stay, and a line says that there is something newer. Saving shows both.
// data-live-version is what is stored; the field "mark" is what was read, which with a draft is something older.
import { phrase } from "./phrases.js";

const isTyped = (form) => form.hasAttribute("data-draft-restored") || [...form.querySelectorAll("textarea")].some((field) => field === document.activeElement || field.value !== field.defaultValue);

function warn(form) {
  if (form.querySelector(":scope > .live-warning")) return;
  const warning = document.getElementById("live-parts").content.querySelector(".live-warning").cloneNode(true);
  warning.querySelector("span").textContent = phrase("newerThere");
  form.prepend(warning);
}

document.addEventListener("live:page", ({ detail: page }) => {
  for (const form of document.querySelectorAll("form[data-live-form]")) {
    const other = page.querySelector(`form[data-live-form="${form.dataset.liveForm}"]`);
    const mark = form.elements.mark, stored = other?.dataset.liveVersion;
    if (stored === undefined || stored === mark.value) continue;
    if (isTyped(form)) { warn(form); continue; }
    for (const field of form.querySelectorAll("textarea")) {
      const text = other.querySelector(`textarea[name="${field.name}"]`).defaultValue;
      field.defaultValue = field.value = text;
    }
    mark.value = stored;
  }
});
