// The workspace: opens tickets beside the queue and turns queues without a reload. The address says what is
// shown (/queue/?view=…&ticket=…), so that it can be shared and Back works. Other scripts may call
// openTicket, refreshTicket, loadQueue; the server sends the event "go" when an action is done.
import { ownDrafts } from "./drafts.js";
import { phrase } from "./phrases.js";
import { placeOf } from "./place.js";
import { choose, chosenIn } from "./stays.js";
import { complain } from "./toasts.js";

const workspace = document.querySelector("[data-workspace]");
const [queue, pane] = [document.getElementById("queue"), document.getElementById("ticket")];
const loads = new Map();

export const ticketOf = (address) => new URL(address, location).pathname.match(/^\/tickets\/([A-Z]{2,4}\d+)\/$/)?.[1];
export const openNumber = () => pane?.querySelector("[data-ticket]")?.dataset.ticket ?? "";
const shown = () => (location.pathname.startsWith("/tickets/") ? ticketOf(location) : new URLSearchParams(location.search).get("ticket")) ?? "";

/** The address of the workspace with `number` open beside the queue. */
function address(number) {
  const url = new URL(workspace.dataset.queue, location);
  if (number) url.searchParams.set("ticket", number);
  return url;
}

/** A fragment without the parts that replace something which this page does not show, such as the line of another queue. */
function withoutStrays(text) {
  const holder = document.createElement("template");
  holder.innerHTML = text;
  for (const part of holder.content.querySelectorAll("[hx-swap-oob=true]")) if (!document.getElementById(part.id)) part.remove();
  return holder.innerHTML;
}

/** Fetch a fragment into `target`; a newer call for the same target takes over. False when that happened or it failed. */
async function load(target, url) {
  loads.get(target)?.abort();
  const control = new AbortController();
  loads.set(target, control);
  target.ariaBusy = "true";
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Target": target.id, "X-Drafts": ownDrafts() }, signal: control.signal });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (elsewhere) return Boolean(location.assign(elsewhere));
    if (answer.redirected && !answer.ok) return Boolean(location.assign(answer.url));
    if (!answer.ok) throw new Error(answer.status);
    window.htmx.swap(target, withoutStrays(await answer.text()), { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 }, { eventInfo: { target } });
    return true;
  } catch (error) {
    if (error.name !== "AbortError") complain(phrase(error instanceof TypeError ? "offline" : "failed"));
    return false;
  } finally {
    if (loads.get(target) === control) target.ariaBusy = null;
  }
}

function show(number) {
  workspace.dataset.showing = number ? "ticket" : "queue";
  for (const row of queue.querySelectorAll("a[data-row]")) {
    const on = row.closest("li,tr")?.id === number;
    row.closest("li,tr")?.classList.toggle("on", on);
    row.ariaCurrent = on ? "true" : null;
  }
  document.dispatchEvent(new CustomEvent("workspace", { detail: { number } }));
}

/** Open a ticket beside the queue. */
export async function openTicket(number, { push = true, hash = "" } = {}) {
  if (!(await load(pane, `/tickets/${number}/`))) return;
  if (push) history.pushState({}, "", address(number));
  show(number);
  if (hash) land(hash);
  else pane.querySelector("h1")?.focus({ preventScroll: true });
}

/** Draw the open ticket as it is now; what is read stays where it is. */
export async function refreshTicket(hash = "") {
  const scrolled = ["body", "side"].map((part) => pane.querySelector(`.ticket-${part}`)?.scrollTop);
  const chosen = chosenIn(pane);
  if (!(await load(pane, pane.querySelector("[data-ticket]").dataset.url))) return;
  choose(pane, chosen);
  ["body", "side"].forEach((part, i) => { pane.querySelector(`.ticket-${part}`).scrollTop = scrolled[i]; });
  show(openNumber());
  if (hash) land(hash);
}

function land(hash) {
  const entry = document.querySelector(hash);
  entry?.scrollIntoView({ block: "nearest" });
  entry?.classList.add("fresh");
  pane.querySelector("h1")?.focus({ preventScroll: true });
}

function close(push = true) {
  const number = openNumber();
  loads.get(pane)?.abort();
  pane.replaceChildren();
  if (push) history.pushState({}, "", address(""));
  document.title = document.title.replace(/^.* · /, `${queue.querySelector("h1")?.textContent ?? ""} · `);
  show("");
  document.getElementById(number)?.querySelector("a[data-row]")?.focus();
}

/** Turn the queue to another view, filter or page; the open ticket stays. */
export async function loadQueue(url, { push = true } = {}) {
  const wanted = new URL(url, location);
  wanted.searchParams.delete("ticket");
  const asked = new URL(wanted);
  if (openNumber()) asked.searchParams.set("beside", "1");
  if (!(await load(queue, asked))) return;
  workspace.dataset.queue = wanted.pathname + wanted.search;
  if (push) history.pushState({}, "", address(openNumber()));
  show(openNumber());
}

const plain = (event) => !event.defaultPrevented && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

function follow(event) {
  const link = event.target.closest("a[href]");
  if (!link || !plain(event) || link.target || link.hasAttribute("download") || link.hasAttribute("hx-get")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin) return;
  const number = ticketOf(url);
  if (link.closest("[data-close-ticket]")) close();
  else if (number && link.closest("[data-workspace]")) openTicket(number, { hash: url.hash });
  else if (queue.contains(link) && url.pathname === new URL(workspace.dataset.queue, location).pathname) loadQueue(url);
  else return;
  event.preventDefault();
}

function filter(event) {
  const form = event.target.closest("form");
  if (event.defaultPrevented || form.method !== "get" || !queue.contains(form)) return;
  event.preventDefault();
  const url = new URL(form.action, location);
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  loadQueue(url);
}

function restore() {
  const number = shown();
  const url = new URL(location);
  url.searchParams.delete("ticket");
  const wanted = url.pathname + url.search;
  if (!location.pathname.startsWith("/tickets/") && wanted !== workspace.dataset.queue) loadQueue(wanted, { push: false });
  if (number === openNumber()) return;
  if (number) openTicket(number, { push: false });
  else close(false);
}

function done({ target, detail }) {
  const url = new URL(detail.url, location);
  const number = ticketOf(url);
  const place = placeOf(target);
  if (workspace && number && number === openNumber()) refreshTicket(place ? `#${place}` : url.hash);
  else if (workspace && number) openTicket(number, { hash: url.hash });
  else if (url.pathname + url.search === location.pathname + location.search) location.reload();
  else location.assign(url);
}

document.addEventListener("go", done);
if (workspace) {
  document.addEventListener("click", follow);
  document.addEventListener("submit", filter);
  addEventListener("popstate", restore);
  queue.addEventListener("htmx:afterSwap", () => show(openNumber()));
  show(openNumber());
  document.addEventListener("keydown", (event) => {
    const free = !event.defaultPrevented && event.key === "Escape" && !event.isComposing;
    if (!free || document.querySelector("dialog[open],details.menu[open]") || event.target.closest("input,textarea,select,.ts-wrapper")) return;
    const cancel = pane.querySelector("[data-cancel]");
    if (cancel) cancel.click();
    else if (openNumber()) close();
  });
}
