// A form is sent once. From the first submit on (key, click, Enter) it is busy: it takes neither a second submit nor more
// typing until its answer is there. input[name=form_id] tells the server which form it is; a second answer repeats the first.
import { newId } from "./ids.js";
import { phrase } from "./phrases.js";

const LONGEST = 30000; // a whole page that never comes, such as after pressing "stop"
const REDRAWN = 5000; // so long after a good answer the form is drawn anew, or gone
const busy = new Map(); // forms under way, with where the keyboard was
const sent = new WeakSet(); // elements whose htmx request is on its way

function mark(form) {
  if (form.elements.form_id) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "form_id", value: newId() }));
}

function release(form) {
  if (!busy.has(form)) return;
  const focused = busy.get(form);
  busy.delete(form);
  form.inert = false;
  form.ariaBusy = null;
  if (form.isConnected && document.activeElement === document.body) focused?.focus({ preventScroll: true });
}

function begin(form, event) {
  busy.set(form, form.contains(document.activeElement) ? document.activeElement : null);
  mark(form);
  form.ariaBusy = "true";
  setTimeout(() => { // by then the browser, or htmx, has read what is sent
    const goes = form.hasAttribute("hx-post") ? sent.has(form) : !event.defaultPrevented;
    if (!goes) return release(form);
    form.inert = true;
    document.getElementById("live").textContent = phrase("sending");
  });
  setTimeout(release, LONGEST, form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (!busy.has(form)) return begin(form, event);
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("htmx:confirm", (event) => { // a button that posts by itself: htmx would do the second click after the first
  const { elt, verb } = event.detail;
  if (verb === "post" && sent.has(elt) && !elt.hasAttribute("hx-trigger")) event.preventDefault();
});
document.addEventListener("htmx:beforeSend", ({ detail }) => sent.add(detail.elt));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { elt, successful } = detail;
  sent.delete(elt);
  if (!busy.has(elt)) return;
  if (successful && !elt.dataset.draft) elt.elements.form_id.value = newId(); // what stays on the page may be sent again
  if (successful && elt.dataset.draft) setTimeout(release, REDRAWN, elt);
  else release(elt);
});
addEventListener("pageshow", () => [...busy.keys()].forEach(release));
