// The open ticket: what others do to it appears, while an open form, what is typed and where one reads stay as they are.
// Parts that may be redrawn carry data-live-part; lines are added to [data-timeline].
import { phrase } from "./phrases.js";
import { choose, chosenIn } from "./stays.js";
import { announce } from "./toasts.js";

const NEAR = 80;
const article = () => document.querySelector("[data-ticket]");
const lastEntry = (ticket) => Math.max(0, ...[...ticket.querySelectorAll("[id^='entry-']")].map((entry) => Number(entry.id.slice(6))));
let reading = null, missed = false, stale = false;

/** Number of the ticket on the page; empty without one. */
export const number = () => article()?.dataset.ticket ?? "";

function scroller(element) {
  for (let box = element; box; box = box.parentElement) if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  return document.scrollingElement;
}

/** Something happened to `number`; `notes` say what, as far as the person may know. */
export async function news({ number: changed, notes }) {
  const ticket = article();
  if (!ticket || ticket.dataset.ticket !== changed) return;
  warn(ticket, notes);
  const known = lastEntry(ticket);
  const told = notes.filter((note) => note.id > known);
  if (notes.length && !told.length) return;
  if (reading) { missed = true; return; }
  reading = changed;
  try { await refresh(ticket, known); } finally { reading = null; }
  if (missed) { missed = false; news({ number: changed, notes: [] }); }
}

async function refresh(ticket, known) {
  const url = ticket.dataset.news ?? `/tickets/${ticket.dataset.ticket}/news/?after=${known}`;
  const answer = await fetch(url, { headers: { "X-By-Itself": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || article() !== ticket) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const theirs = page.querySelector("[data-ticket]");
  if (!theirs) return;
  addEntries(ticket, [...theirs.querySelectorAll("[data-timeline] > [id^='entry-']")]);
  ticket.dataset.version = theirs.dataset.version ?? "";
  redraw(page);
  document.dispatchEvent(new CustomEvent("live:page", { detail: page }));
}

/** Who is in the middle of something in `part` keeps it; so does a button whose answer is on its way. */
function isUsed(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input,textarea,select,summary") || part.querySelector("details[open]:not([data-stays]), .htmx-request, #action-panel:not(:empty)") !== null || [...part.querySelectorAll("form textarea, form input:not([type=hidden],[type=submit])")].some((field) => !field.closest("details:not([open])"));
}

/** Selector of what takes an element's place after its part is drawn anew: the keyboard stays where it was. */
function sameAs(element) {
  const told = ["id", "data-key", "aria-label", "href", "hx-get", "name"].find((name) => element.getAttribute(name));
  return told && `${element.localName}[${told}="${CSS.escape(element.getAttribute(told))}"]`;
}

function redraw(page) {
  stale = false;
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const other = page.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
    if (!other || part.parentElement.closest("[data-live-part]")) continue;
    if (isUsed(part)) { stale = true; continue; }
    const focused = part.contains(document.activeElement) && sameAs(document.activeElement);
    for (const kept of part.querySelectorAll("[data-presence]")) other.querySelector("[data-presence]")?.replaceWith(kept);
    for (const panel of part.querySelectorAll("#action-panel")) document.getElementById("ticket-head").append(panel); // empty: its form was closed
    const scrolled = part.scrollTop;
    choose(other, chosenIn(part));
    part.replaceChildren(...other.childNodes);
    part.scrollTop = scrolled;
    arrived(part);
    if (focused) part.querySelector(focused)?.focus({ preventScroll: true });
  }
}

function arrived(element) {
  window.htmx.process(element);
  window.htmx.trigger(element, "htmx:load", { elt: element });
}

function addEntries(ticket, entries) {
  const line = ticket.querySelector("[data-timeline]");
  const fresh = entries.filter((entry) => !document.getElementById(entry.id));
  if (!line || !fresh.length) return;
  const box = scroller(line);
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  for (const entry of fresh) {
    line.append(entry);
    entry.classList.add("fresh");
    arrived(entry);
  }
  if (atEnd) { // follow, but not beyond the beginning of what is new
    box.scrollTop = box.scrollHeight;
    const above = fresh[0].getBoundingClientRect().top - (box === document.scrollingElement ? 0 : box.getBoundingClientRect().top);
    if (above < 0) box.scrollTop += above - 12;
  }
  else point(ticket, fresh);
  announce(fresh.map((entry) => entry.querySelector(".entry-head,.says-head,span")?.textContent.trim() ?? "").slice(-2).join("; "));
}

/** "1 new entry" at the end of what can be seen; a press goes there. */
function point(ticket, fresh) {
  const note = ticket.querySelector(".live-below") ?? document.getElementById("live-parts").content.querySelector(".live-below").cloneNode(true);
  const count = Number(note.dataset.count ?? 0) + fresh.length;
  note.dataset.count = count;
  const button = note.querySelector("button");
  button.lastChild.textContent = phrase("newEntries", { n: count });
  if (note.isConnected) return;
  const first = fresh[0];
  const gone = () => note.remove();
  button.addEventListener("click", () => { first.scrollIntoView({ block: "center" }); gone(); });
  ticket.querySelector("[data-timeline]").after(note);
  new IntersectionObserver((seen, watcher) => { if (seen.some((one) => one.isIntersecting)) { watcher.disconnect(); gone(); } }).observe(first);
}

// What a person saw when they opened a form; later steps are news to them, whichever way they came.
document.addEventListener("htmx:load", () => {
  const form = document.querySelector("#action-panel form:not([data-since])");
  if (form && article()) form.dataset.since = lastEntry(article());
});

/** Above a form that is open: who changed the ticket meanwhile, and what they did. */
function warn(ticket, notes) {
  const form = ticket.querySelector("#action-panel form");
  if (!form) return;
  const since = Number(form.dataset.since ?? lastEntry(ticket));
  const others = notes.filter((note) => note.id > since && note.who !== document.body.dataset.username);
  if (!others.length) return;
  const banner = form.parentElement.querySelector(":scope > .live-warning") ?? document.getElementById("live-parts").content.querySelector(".live-warning").cloneNode(true);
  const what = others.map((note) => (note.by ? phrase("didThat", { name: note.by, what: note.what }) : note.what)).join("; ");
  banner.querySelector("span").textContent = phrase("changedMeanwhile", { what });
  form.before(banner);
}

/** The requester's home: its list anew, unless somebody is using it. */
export async function home() {
  const mine = document.querySelector("[data-live-home]");
  if (!mine) return;
  if (mine.contains(document.activeElement)) { setTimeout(home, 4000); return; }
  const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const theirs = page.querySelector("[data-live-home]");
  if (!theirs || theirs.innerHTML === mine.innerHTML) return;
  mine.replaceChildren(...theirs.childNodes);
  arrived(mine);
  announce(phrase("listChanged"));
}

document.addEventListener("focusout", () => setTimeout(() => { if (stale && article()) news({ number: number(), notes: [] }); }, 300));
