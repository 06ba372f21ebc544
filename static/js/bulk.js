// Ticking lines of a list: by the box, X, or Shift with a click for a range. The form #bulk then asks the server what
// can be done with them. Ticks survive lines that are drawn anew. The event "queue" turns the list when something was done.
import { loadQueue } from "./panes.js";

const queue = document.getElementById("queue");
const ticked = new Set();
const numberOf = (box) => box.value.split("@")[0];
const boxes = () => [...queue.querySelectorAll("input.tick")];
let last = null;

function tell() {
  queue.classList.toggle("ticking", ticked.size > 0);
  if (ticked.size) window.htmx.trigger("#bulk", "ticked");
  else document.getElementById("bulk-panel")?.replaceChildren();
}

function note(box) {
  if (box.checked) ticked.add(numberOf(box));
  else ticked.delete(numberOf(box));
  box.closest("li,tr").classList.toggle("ticked", box.checked);
}

function range(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  for (const other of from < 0 ? [box] : all.slice(from, to + 1)) {
    other.checked = box.checked;
    note(other);
  }
}

function tick(box, shift) {
  if (shift && last?.isConnected) range(box);
  else note(box);
  last = box;
  tell();
}

function tickAll(on) {
  for (const box of boxes()) { box.checked = on; note(box); }
  if (!on) ticked.clear();
  tell();
  if (!on) (last?.closest("li,tr") ?? queue).querySelector("a[data-row]")?.focus({ preventScroll: true });
}

function redraw(records) {
  const fresh = records.flatMap((record) => [...record.addedNodes]).filter((node) => node.nodeType === 1);
  for (const box of fresh.flatMap((node) => [...node.querySelectorAll("input.tick")])) {
    box.checked = ticked.has(numberOf(box));
    box.closest("li,tr")?.classList.toggle("ticked", box.checked);
  }
}

function byKey(event) {
  if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]),textarea,select,[contenteditable],dialog")) return;
  const box = (document.activeElement.closest("#queue :is(li,tr)") ?? queue.querySelector(":is(li,tr).on"))?.querySelector(".tick");
  if (!box) return;
  box.checked = !box.checked;
  tick(box, event.shiftKey);
  event.preventDefault();
}

if (queue) {
  let shift = false;
  queue.addEventListener("click", (event) => {
    shift = event.shiftKey;
    const all = event.target.closest("[data-tick]");
    if (all) tickAll(all.dataset.tick === "all");
  });
  queue.addEventListener("change", (event) => {
    if (event.target.matches("input.tick")) tick(event.target, shift);
  });
  document.addEventListener("keydown", byKey);
  // Hundreds of ticks travel as one field: so many fields a request does not take.
  queue.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id !== "bulk") return;
    const numbers = boxes().filter((box) => box.checked).map((box) => box.value);
    detail.parameters.delete("ticket");
    detail.parameters.set("numbers", numbers.join(" "));
  });
  document.addEventListener("queue", ({ detail }) => {
    ticked.clear();
    queue.classList.remove("ticking");
    loadQueue(detail.url);
  });
  document.addEventListener("workspace", ({ detail }) => { // lines of the table have ids of their own
    const row = document.getElementById(`row-${detail.number}`);
    row?.classList.add("on");
    row?.querySelector("a[data-row]")?.setAttribute("aria-current", "true");
  });
  new MutationObserver(redraw).observe(queue, { childList: true, subtree: true });
}
