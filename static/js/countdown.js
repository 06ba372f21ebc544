// Ticks the chips of running limits in place: .chip[data-due][data-soon] > .left
import { remainingText } from "./durations.js";

function tick() {
  for (const chip of document.querySelectorAll(".chip[data-due]")) {
    const seconds = (new Date(chip.dataset.due) - Date.now()) / 1000;
    const tone = seconds < 0 ? "late" : seconds < Number(chip.dataset.soon) ? "soon" : "ok";
    const left = chip.querySelector(".left");
    const text = remainingText(seconds);
    if (left.textContent !== text) left.textContent = text;
    if (!chip.classList.contains(tone)) {
      chip.classList.remove("ok", "soon", "late");
      chip.classList.add(tone);
    }
  }
}

setInterval(() => { if (!document.hidden) tick(); }, 1000);
document.addEventListener("visibilitychange", tick);
