// Sends what waits, one report after the other, from whatever page is open; of several tabs one sends. The key of each report
// makes a second sending harmless. What is refused stays, with the reason; what comes after it for the same step waits behind it.
import { all, drop, keep, username } from "./kept.js";

const RETRY = 10000, CLOCK = "run-clock", EXACT = 2000;
const cookie = (name) => document.cookie.match(`(?:^|; )(?:__Host-)?${name}=([^;]*)`)?.[1] ?? "";
let timer = 0, again = false, busy = false;

/** Why nothing goes: "" (it does), "offline", "server" (it failed, or has too much to do), "out" (signed out), "other" (somebody else is signed in). */
export let trouble = "";

function say(now) {
  trouble = now;
  document.dispatchEvent(new CustomEvent("run:trouble"));
}

/** Milliseconds by which this device's clock is behind the server's, as last heard. */
function behind() {
  try { return Number(localStorage.getItem(CLOCK)) || 0; } catch { return 0; }
}

/** The present moment by the server's clock, as far as it is known: a phone's own may be wrong. */
export const moment = () => new Date(Date.now() + behind());

/** Learn the server's clock from an answer. */
export function hear(answer) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (!told) return;
  const off = told + 500 - Date.now();
  try { localStorage.setItem(CLOCK, Math.abs(off) < EXACT ? "0" : String(off)); } catch { /* then by its own clock */ }
}

function post({ id, number, action, step, status, text, at, seen }) {
  const said = { step: String(step), text, at, seen, by: username, ...(action === "report_step" ? { status } : {}) };
  const headers = { "Content-Type": "application/json", "Idempotency-Key": id, "X-CSRFToken": cookie("csrftoken"), "Accept-Language": document.documentElement.lang };
  return fetch(`/api/v1/changes/${number}/actions/${action}/`, { method: "POST", headers, body: JSON.stringify(said), redirect: "manual" });
}

/** Send one; true when the next one may go. */
async function one(report) {
  const answer = await post(report).catch(() => null);
  if (!answer) { say("offline"); return false; }
  if (answer.status >= 500 || answer.status === 429) { say("server"); return false; }
  hear(answer);
  if (answer.ok) {
    drop(report.id);
    document.dispatchEvent(new CustomEvent("run:sent", { detail: report }));
    return true;
  }
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) { say("out"); return false; }
  if (problem.errors?.by) { say("other"); return false; }
  if (answer.status === 409 && !problem.possible) return false; // its twin is at work: asked again soon
  const why = Object.values(problem.errors ?? {}).flat().join(" ") || problem.detail || String(answer.status);
  if (all().some((kept) => kept.id === report.id)) keep({ ...report, refused: why }); // else another tab is through with it
  return true;
}

async function inOrder() {
  const held = new Set(); // steps of which a report was refused
  for (const report of all()) {
    const step = `${report.number}/${report.step}`;
    if (report.refused || held.has(step)) { held.add(step); continue; }
    if (!await one(report)) return;
    if (all().some((kept) => kept.id === report.id)) held.add(step);
  }
  say("");
}

/** Send what waits. Comes again by itself while something does. */
export async function send() {
  clearTimeout(timer);
  if (busy) { again = true; return; }
  busy = true;
  try {
    if (navigator.locks) await navigator.locks.request("run-sheet", { ifAvailable: true }, (lock) => lock && inOrder());
    else await inOrder();
  } finally { busy = false; }
  if (again) { again = false; return send(); }
  if (all().some((report) => !report.refused)) timer = setTimeout(send, RETRY);
}

addEventListener("online", send);
addEventListener("offline", () => { if (all().length) say("offline"); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && all().length) send(); });
if (username && all().length) send();
