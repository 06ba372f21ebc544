// The run sheet: a press is kept in this browser first, then sent; until the server has it, it stands beside its step. [data-run] is
// the page of one change, [data-step] a step as the server drew it, [data-kept] where its waiting reports stand.
import { newId } from "../ids.js";
import { news } from "../live_ticket.js";
import { announce } from "../toasts.js";
import { all, drop, foreign, keep } from "./kept.js";
import { hear, moment, send, trouble } from "./sending.js";

const OWNER = "run-owner";
const person = document.body.dataset.person;
const sheet = () => document.querySelector("[data-run]");
const parts = () => document.getElementById("run-parts").content;
const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_, key) => values[key]);
const clockTime = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: sheet().dataset.zone });
let lasts = true;

function line(report, first) {
  const drawn = parts().querySelector(report.refused ? ".run-refused" : ".run-waits").cloneNode(true);
  drawn.querySelector("[data-what]").textContent = `${report.label} · ${clockTime(report.at)}${report.text ? ` · ${report.text}` : ""}`;
  if (report.refused) {
    drawn.querySelector("[data-why]").textContent = report.refused;
    drawn.querySelector("[data-again]").addEventListener("click", () => sendAnyway(report));
    drawn.querySelector("[data-discard]").addEventListener("click", () => { drop(report.id); send(); });
  } else if (!first) drawn.querySelector("[data-behind]").hidden = false;
  return drawn;
}

/** Whoever pressed has read what happened meanwhile: the report goes once more, about the step as it stands. */
function sendAnyway(report) {
  const step = document.querySelector(`[data-step="${report.step}"]`);
  keep({ ...report, id: newId(), seen: step?.dataset.status ?? "", refused: undefined });
  drop(report.id);
  send();
}

function drawStep(step) {
  const mine = all().filter((report) => report.number === sheet().dataset.run && report.step === step.dataset.step);
  const refused = mine.some((report) => report.refused);
  step.querySelector("[data-kept]")?.replaceChildren(...mine.map((report, place) => line(report, place === 0 || !refused)));
  const status = mine.filter((report) => !report.refused).at(-1)?.status ?? step.dataset.status;
  for (const button of step.querySelectorAll("[data-when]")) button.hidden = !button.dataset.when.split(" ").includes(status);
}

function drawBar() {
  const bar = document.querySelector("[data-run-bar]");
  if (!bar) return;
  const waits = all().filter((report) => !report.refused).length, refused = all().length - waits;
  const said = [];
  if (waits) said.push(filled(bar.dataset.waiting, { n: waits }));
  if (refused) said.push(filled(bar.dataset.refused, { n: refused }));
  const offline = trouble === "offline" || !navigator.onLine;
  const why = { server: bar.dataset.server, out: bar.dataset.out, other: bar.dataset.other }[trouble] ?? (offline ? bar.dataset.offline : "");
  if (why && (waits || offline)) said.push(why);
  if (foreign()) said.push(filled(bar.dataset.foreign, { n: foreign() }));
  if (!lasts && all().length) said.push(bar.dataset.fleeting);
  const text = said.join(" ");
  bar.hidden = !text;
  bar.classList.toggle("late", Boolean(refused) || ["server", "out", "other"].includes(trouble));
  bar.querySelector("a").hidden = trouble !== "out";
  const words = bar.querySelector("p");
  if (words.textContent !== text) { words.textContent = text; if (text) announce(text); }
}

function draw() {
  for (const badge of document.querySelectorAll("[data-run-waits]")) {
    const count = all().filter((report) => report.number === badge.dataset.runWaits).length;
    badge.textContent = count || "";
    badge.hidden = !count;
  }
  if (!sheet()) return;
  document.querySelectorAll("[data-step]").forEach(drawStep);
  drawBar();
}

function press(form, button) {
  const step = form.closest("[data-step]"), text = form.elements.text;
  const mine = all().filter((report) => report.number === sheet().dataset.run && report.step === step.dataset.step && !report.refused);
  const seen = mine.at(-1)?.status ?? step.dataset.status;
  const backs = button.value === "backed_out";
  const report = { id: newId(), number: sheet().dataset.run, step: step.dataset.step, action: backs ? "back_out_step" : "report_step", status: button.value, label: button.dataset.label, text: text.value.trim(), at: moment().toISOString(), seen, place: all().length };
  lasts = keep(report);
  text.value = "";
  const note = text.closest("details");
  if (note) note.open = false;
  document.activeElement?.blur(); // what the server draws next may take the place of the button
  send();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-report]") || !event.submitter) return;
  event.preventDefault();
  press(event.target, event.submitter);
});
document.addEventListener("run:kept", draw);
document.addEventListener("run:trouble", draw);
document.addEventListener("live:page", draw);
document.addEventListener("run:sent", ({ detail: report }) => {
  const step = report.number === sheet()?.dataset.run && document.querySelector(`[data-step="${report.step}"]`);
  if (!step) return;
  step.dataset.status = report.status; // until it is drawn anew
  draw();
  news({ number: report.number, notes: [] });
});
for (const name of ["online", "offline"]) addEventListener(name, draw);

/** Pages that this browser kept belong to one person, and to nobody once they signed out. */
function forgetOthers() {
  try {
    if (person && localStorage.getItem(OWNER) === person) return;
    if (person) localStorage.setItem(OWNER, person);
  } catch { /* then nothing is kept either */ }
  globalThis.caches?.delete("run-sheet").catch(() => {});
}

async function prepare() {
  const { worker } = sheet().dataset;
  fetch(worker, { method: "HEAD" }).then(hear, () => {});
  const registered = await navigator.serviceWorker?.register(worker).catch(() => null);
  if (!registered) return;
  await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map(({ name }) => name);
  registered.active?.postMessage({ keep: [location.href, ...files] }); // they came before it listened
}

forgetOthers();
draw();
if (sheet()) prepare();
