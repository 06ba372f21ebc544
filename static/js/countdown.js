// Ticks the chips of running limits in place: .chip[data-due][data-soon] > .left; a .clock around one fills its bar on the way.
import { remainingText } from "./durations.js";

const begun = new WeakMap();

// What was used when the page was drawn is known; from there the bar runs to its end at the due time.
function fill(chip, due) {
  const bar = chip.closest(".clock")?.querySelector("progress");
  if (!bar) return;
  if (!begun.has(bar)) begun.set(bar, { at: Date.now(), used: bar.value });
  const { at, used } = begun.get(bar);
  const share = due > at ? (Date.now() - at) / (due - at) : 1;
  bar.value = Math.min(100, used + (100 - used) * share);
}

// How much of the time between two moments the calendar is closed: chips with data-shut count working time.
function closed(chip, from, until) {
  return (chip.dataset.shut ?? "").split(" ").filter(Boolean).reduce((sum, stretch) => {
    const [start, end] = stretch.split("/").map((moment) => new Date(moment).getTime());
    return sum + Math.max(0, Math.min(end, until) - Math.max(start, from));
  }, 0);
}

// Seconds that remain until `due`, negative once it is past.
function left(chip, due, now) {
  const wall = Math.abs(due - now) - closed(chip, Math.min(due, now), Math.max(due, now));
  return (due < now ? -wall : wall) / 1000;
}

function tick() {
  for (const chip of document.querySelectorAll(".chip[data-due]")) {
    const due = new Date(chip.dataset.due);
    const now = Date.now();
    const wall = (due - now) / 1000;
    const tone = wall < 0 ? "late" : wall < Number(chip.dataset.soon) ? "soon" : "ok";
    const shown = chip.querySelector(".left");
    const text = remainingText(left(chip, due.getTime(), now), Boolean(chip.dataset.shut));
    if (shown.textContent !== text) shown.textContent = text;
    if (!chip.classList.contains(tone)) {
      for (const element of [chip, chip.closest(".clock")]) {
        element?.classList.remove("ok", "soon", "late");
        element?.classList.add(tone);
      }
    }
    fill(chip, due);
  }
}

setInterval(() => { if (!document.hidden) tick(); }, 1000);
document.addEventListener("visibilitychange", tick);
