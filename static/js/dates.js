// A browser draws fields for dates in its own language. Where that is not the page's, a text field in the page's language
// stands before it and the browser's keeps its calendar alone: one writes the other, and the browser's is what is sent.
import { phrase } from "./phrases.js";

const language = (tag) => tag.split("-")[0].toLowerCase();
const differs = language(navigator.language) !== language(document.documentElement.lang);
const TYPED = /^(\d{4})\D(\d{1,2})\D(\d{1,2})(?:\D+(\d{1,2})\D(\d{2}))?\D?$/;
const two = (part) => part.padStart(2, "0");

/** What was typed, as fields of that `type` hold it; empty for what is no date. */
function read(text, type) {
  const [, year, month, day, hour, minute] = TYPED.exec(text.trim()) ?? [];
  if (!year || (type === "date") !== (hour === undefined)) return "";
  return `${year}-${two(month)}-${two(day)}${hour === undefined ? "" : `T${two(hour)}:${minute}`}`;
}

function stand(field) {
  const text = document.createElement("input");
  Object.assign(text, { type: "text", className: field.className, autocomplete: "off", maxLength: 20, id: field.id });
  text.placeholder = phrase(field.type === "date" ? "date" : "dateTime");
  for (const { name, value } of [...field.attributes]) if (name.startsWith("aria-")) text.setAttribute(name, value);
  field.removeAttribute("id");
  field.tabIndex = -1;
  field.setAttribute("aria-hidden", "true");
  const both = document.createElement("span");
  both.className = "own-date";
  field.replaceWith(both);
  both.append(text, field);
  const show = () => { text.value = field.value.replace("T", " ").slice(0, 16); text.setCustomValidity(""); };
  field.addEventListener("input", show);
  field.form?.addEventListener("reset", () => setTimeout(show));
  text.addEventListener("input", (event) => event.stopPropagation()); // half a date is no news to anybody
  text.addEventListener("change", (event) => {
    event.stopPropagation();
    field.value = read(text.value, field.type);
    text.setCustomValidity(text.value.trim() && !field.value ? phrase("dateWrong", { shape: text.placeholder }) : "");
    if (!text.reportValidity()) return;
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  });
  show();
}

/** Let fields for dates below `root` speak the page's language. */
export function enhance(root) {
  if (!differs) return;
  root.querySelectorAll("input[type=date]:not(.own-date *), input[type=datetime-local]:not(.own-date *)").forEach(stand);
}
