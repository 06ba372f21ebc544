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

function tick() {
  for (const chip of document.querySelectorAll(".chip[data-due]")) {
    const due = new Date(chip.dataset.due);
    const seconds = (due - Date.now()) / 1000;
    const tone = seconds < 0 ? "late" : seconds < Number(chip.dataset.soon) ? "soon" : "ok";
    const left = chip.querySelector(".left");
    const text = remainingText(seconds);
    if (left.textContent !== text) left.textContent = text;
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
