// Reports of steps that wait in this browser until the server has them: each under a key of its own, so that no tab overwrites
// what another keeps, and by person, so that nobody sends what somebody else pressed. What is kept survives the browser.
const person = document.body.dataset.person;
const prefix = `run:${person}:`;
const memory = new Map(); // for browsers that store nothing

export const username = document.body.dataset.username;

function stored() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix)).map((name) => JSON.parse(localStorage.getItem(name))).filter(Boolean);
  } catch { return []; }
}

/** Everything that waits, in the order in which it was pressed. */
export function all() {
  const found = new Map([...memory.values(), ...stored()].map((report) => [report.id, report]));
  return [...found.values()].sort((one, other) => one.at.localeCompare(other.at) || one.place - other.place);
}

function tell() {
  document.dispatchEvent(new CustomEvent("run:kept"));
}

/** Keep a report, or what became of it. Returns whether it outlives this page. */
export function keep(report) {
  let lasts = true;
  try {
    localStorage.setItem(prefix + report.id, JSON.stringify(report));
    memory.delete(report.id);
  } catch {
    memory.set(report.id, report);
    lasts = false;
  }
  tell();
  return lasts;
}

/** Forget a report: the server has it, or whoever pressed took it back. */
export function drop(id) {
  memory.delete(id);
  try { localStorage.removeItem(prefix + id); } catch { /* never was there */ }
  tell();
}

/** How many reports of other people wait in this browser. */
export function foreign() {
  try { return Object.keys(localStorage).filter((name) => name.startsWith("run:") && !name.startsWith(prefix)).length; } catch { return 0; }
}

addEventListener("storage", (event) => { if (event.key?.startsWith(prefix)) tell(); });
