// Lines of a list that change, come and go while somebody reads it. The line that the reader is at (under the pointer, focused,
// opened, else the first one that can be seen) stays where it is on the screen; what came above it is told on a pill.
import { phrase } from "./phrases.js";

const LEAVES_AFTER = 6000, FRESH = 8000, AGAIN = 5000;
const drawn = new WeakMap(); // the server's text of a line, to leave alone what did not change
const unseen = new Set();
let waiting = [], unplaced = 0, againAt = 0, againTimer = 0;

const list = () => document.querySelector("[data-live-list]");
const lines = () => [...(list()?.querySelectorAll(":scope > :is(li,tr)[id]") ?? [])];
const ordered = () => document.querySelector("[data-live-ordered]") && list()?.matches("ol");
let pressed = false, held = []; // while a button of the pointer is down, what is under it stays: else the click would be lost
const isBusy = () => Boolean(list()?.matches(":hover") || list()?.contains(document.activeElement));

/** Numbers of the lines on the page. */
export const numbers = () => lines().map((line) => line.id).slice(0, 300);

function scroller() {
  for (let box = list()?.parentElement; box; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight) return box;
  }
  return document.scrollingElement;
}
const topOf = (box) => (box === document.scrollingElement ? 0 : box.getBoundingClientRect().top);

function anchor(box) {
  const top = topOf(box), bottom = top + box.clientHeight;
  const seen = (line) => line && line.getBoundingClientRect().bottom > top + 1 && line.getBoundingClientRect().top < bottom;
  const all = lines();
  const wanted = [all.find((line) => line.matches(":hover")), all.find((line) => line.contains(document.activeElement)), all.find((line) => line.classList.contains("on"))];
  return wanted.find(seen) ?? all.find(seen);
}

/** Do `change` to the list while the reader's line stays where it is. */
function still(change) {
  const box = scroller(), kept = anchor(box), before = kept?.getBoundingClientRect().top;
  change(kept);
  if (kept?.isConnected) box.scrollTop += kept.getBoundingClientRect().top - before;
}

function made(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return box.content.firstElementChild;
}

function fresh(line) {
  line.classList.add("fresh");
  setTimeout(() => line.classList.remove("fresh"), FRESH);
}

/** Put what the server drew into the place of `old`; chosen, opened and focused stay so. */
function replace(old, line) {
  const focused = old.contains(document.activeElement) && document.activeElement;
  if (old.classList.contains("on")) {
    line.classList.add("on");
    line.querySelector("a[data-row]")?.setAttribute("aria-current", "true");
  }
  old.classList.remove("leaving");
  for (const box of old.querySelectorAll("input[type=checkbox]")) { // the box itself stays: somebody may be about to tick it
    const same = line.querySelector(`input[name="${CSS.escape(box.name)}"]`);
    if (same) { box.value = same.value; same.replaceWith(box); }
  }
  for (const { name } of [...old.attributes]) if (!line.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of line.attributes) old.setAttribute(name, value);
  const path = focused && focused !== old ? (focused.matches("a[data-row]") ? "a[data-row]" : `[name="${CSS.escape(focused.name ?? "")}"]`) : "";
  old.replaceChildren(...line.childNodes);
  window.htmx.process(old);
  if (path) old.querySelector(path)?.focus({ preventScroll: true });
}

function place(line) {
  const key = line.dataset.order;
  const next = lines().find((other) => other !== line && other.dataset.order > key);
  if (next) next.before(line);
  else list().insertBefore(line, list().querySelector(":scope > .more"));
}

const inOrder = (line) => (line.previousElementSibling?.dataset.order ?? "") <= line.dataset.order && line.dataset.order <= (line.nextElementSibling?.dataset.order ?? "~");
const isLast = (key) => { const all = lines(); return all.length && key > all[all.length - 1].dataset.order && document.querySelector("#list [data-more]"); };

function change(row, kept) {
  const old = document.getElementById(row.number);
  const here = old && list().contains(old) ? old : null;
  if (row.html === undefined) return here && leave(here, row.gone);
  if (here && drawn.get(here) === row.html) return undefined;
  const line = made(row.html);
  if (here) {
    replace(here, line);
    drawn.set(here, row.html);
    if (ordered() && !inOrder(here) && here !== kept) place(here);
    return undefined;
  }
  if (!ordered()) return unplaced++;
  if (isLast(row.key)) return undefined; // it comes when the reader gets there
  drawn.set(line, row.html);
  place(line);
  window.htmx.process(line);
  fresh(line);
  unseen.add(line);
  return undefined;
}

/** A line that is no longer part of the list fades, says its new state, and goes after a while. */
function leave(line, label) {
  if (line.classList.contains("leaving")) return;
  line.classList.add("leaving");
  const place = line.querySelector(".s");
  if (label && place) place.textContent = label;
  drawn.delete(line);
  setTimeout(() => settle(), LEAVES_AFTER);
  line.dataset.left = Date.now();
}

/** Take away what left long enough ago and nobody is at; put in order what could not move before. */
export function settle() {
  const gone = lines().filter((line) => line.classList.contains("leaving") && Date.now() - line.dataset.left >= LEAVES_AFTER - 50);
  const free = gone.filter((line) => !line.matches(":hover,.on") && !line.contains(document.activeElement));
  const short = scroller().scrollTop < free.reduce((sum, line) => sum + line.offsetHeight, 0);
  if (isBusy() && short) return; // it would pull up what is under the pointer
  if (free.length) still(() => free.forEach((line) => line.remove()));
  if (ordered() && !isBusy()) lines().filter((line) => !inOrder(line)).forEach((line) => still(() => place(line)));
  pill();
}

function jumps(row) {
  const key = row.key ?? document.getElementById(row.number)?.dataset.order;
  const box = scroller();
  return isBusy() && row.html !== undefined && !document.getElementById(row.number) && box.scrollHeight <= box.clientHeight && key < (anchor(box)?.dataset.order ?? "");
}

/** Lines that changed ({number, key, html}) or left ({number, gone}). */
export function apply(rows) {
  if (!document.querySelector("[data-live-query]")) return;
  if (pressed) { held.push(...rows); return; }
  const relevant = rows.filter((row) => row.html !== undefined || document.getElementById(row.number));
  if (!list() || list().matches("tbody,table")) {
    if (relevant.length) again();
    return;
  }
  const later = relevant.filter(jumps);
  waiting = [...waiting.filter((row) => !rows.some((other) => other.number === row.number)), ...later];
  const now = relevant.filter((row) => !later.includes(row));
  if (now.length) still((kept) => now.forEach((row) => change(row, kept)));
  document.dispatchEvent(new CustomEvent("live:lines"));
  pill();
}

function release() {
  pressed = false;
  const rows = held;
  held = [];
  if (rows.length) setTimeout(() => apply(rows)); // after the click
}

function letIn() {
  if (isBusy()) return;
  const rows = waiting;
  waiting = [];
  if (rows.length) apply(rows);
  settle();
}

/** Read the list anew, in place: for tables, and when too much happened to tell it line by line. */
export function again() {
  clearTimeout(againTimer);
  const wait = Math.max(0, againAt + AGAIN - Date.now());
  againTimer = setTimeout(read, wait + Math.random() * (wait ? 2000 : 300));
}

async function read() {
  const workspace = document.querySelector("[data-workspace]");
  if (!workspace || !document.querySelector("[data-live-query]")) return;
  againAt = Date.now();
  const address = workspace.dataset.queue;
  const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "queue", "X-By-Itself": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || workspace.dataset.queue !== address) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const theirs = page.querySelector("[data-live-list]");
  if (!theirs || !list()) {
    const [mine, new_] = [document.getElementById("list"), page.getElementById("list")];
    if (mine && new_ && Boolean(theirs) !== Boolean(list())) { mine.replaceWith(new_); window.htmx.process(new_); }
    return;
  }
  still(() => merge([...theirs.querySelectorAll(":scope > :is(li,tr)[id]")]));
  unplaced = 0;
  document.dispatchEvent(new CustomEvent("live:lines"));
  pill();
}

function merge(found) {
  let before = null;
  for (const line of found) {
    const old = document.getElementById(line.id);
    const here = old && list().contains(old) ? old : null;
    if (here) replace(here, line);
    const now = here ?? line;
    if (!here) { fresh(now); window.htmx.process(now); }
    if (before ? before.nextElementSibling !== now : list().firstElementChild !== now) before ? before.after(now) : list().prepend(now);
    before = now;
  }
  const all = lines();
  const known = new Set(found.map((line) => line.id));
  const reach = before ? all.indexOf(before) : all.length;
  all.slice(0, reach).filter((line) => !known.has(line.id)).forEach((line) => leave(line, ""));
}

/** "2 new above", "3 new": a press goes there. */
function pill() {
  const box = scroller(), top = topOf(box);
  for (const line of unseen) if (!line.isConnected || line.getBoundingClientRect().bottom > top + 4) unseen.delete(line);
  const holder = document.getElementById("list");
  let button = holder?.querySelector(".live-pill");
  const text = unseen.size ? phrase("newAbove", { n: unseen.size }) : unplaced + waiting.length ? phrase("newThere", { n: unplaced + waiting.length }) : "";
  if (!text) return button?.closest(".live-pill-row").remove();
  if (!holder) return undefined;
  if (!button) {
    const row = document.getElementById("live-parts").content.querySelector(".live-pill-row").cloneNode(true);
    holder.prepend(row);
    button = row.querySelector("button");
    button.addEventListener("click", show);
  }
  if (button.lastChild.textContent !== text) button.lastChild.textContent = text;
  return undefined;
}

function show() {
  const above = unseen.size > 0;
  document.activeElement?.blur?.();
  const rows = waiting;
  waiting = [];
  if (rows.length && list()) rows.forEach((row) => change(row, null));
  if (unplaced) read();
  unplaced = 0;
  const first = [...unseen].sort((a, b) => (a.dataset.order < b.dataset.order ? -1 : 1))[0];
  if (above || rows.length) (first ?? list()).scrollIntoView({ block: "nearest" });
  unseen.clear();
  pill();
  first?.querySelector("a[data-row]")?.focus({ preventScroll: true });
}

document.addEventListener("scroll", () => { if (unseen.size) pill(); }, { capture: true, passive: true });
addEventListener("pointerdown", () => { pressed = true; }, { capture: true, passive: true });
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, release, { capture: true, passive: true });
document.addEventListener("pointerout", (event) => { if (waiting.length && event.target.closest?.("[data-live-list]")) setTimeout(letIn, 50); });
document.addEventListener("focusout", () => setTimeout(letIn, 50));
setInterval(() => { if (!document.hidden && list()?.querySelector(":scope > .leaving")) settle(); }, 2000);
