// Messages: read out once through #live, closed by hand, by time (not errors), and one of our own
// when the server cannot be reached.
import { phrase } from "./phrases.js";

const SECONDS = 8;
const TO_UNDO = 10;

/** Let a screen reader say a text. */
export function announce(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 100);
}

export function enhance(root) {
  const found = [...root.querySelectorAll("[data-toast]")];
  if (root.matches?.("[data-toast]")) found.push(root);
  for (const toast of found) {
    announce(toast.querySelector("p").textContent);
    if (!toast.matches(".note-error,.note-warning")) setTimeout(() => toast.remove(), (toast.querySelector("[data-undo]") ? TO_UNDO : SECONDS) * 1000);
  }
}

/** Show an error of our own, such as a server that does not answer. */
export function complain(text) {
  const note = document.createElement("div");
  note.className = "note note-error";
  const line = note.appendChild(document.createElement("p"));
  line.textContent = text;
  document.getElementById("toasts").replaceChildren(note);
  announce(text);
  setTimeout(() => note.remove(), 2 * SECONDS * 1000);
}

document.addEventListener("click", (event) => event.target.closest("[data-toast] [data-close]")?.closest("[data-toast]").remove());
document.addEventListener("htmx:sendError", (event) => {
  // A run sheet says itself that there is no network, and to go on: what the page only asked for is no loss there.
  if (event.detail.requestConfig?.verb === "get" && document.querySelector("[data-run]")) return;
  complain(phrase("offline"));
});
document.addEventListener("htmx:responseError", () => complain(phrase("failed")));
