// Keeps <time class="when"> current while it is less than a day away; older ones show a date already.
import { parts } from "./durations.js";
import { phrase } from "./phrases.js";

function text(seconds) {
  if (Math.abs(seconds) < 60) return phrase("now");
  return phrase(seconds > 0 ? "until" : "ago", { time: parts(seconds)[0] });
}

function refresh() {
  for (const time of document.querySelectorAll("time.when")) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    if (Math.abs(seconds) >= 86400) continue;
    const current = text(seconds);
    if (time.textContent !== current) time.textContent = current;
  }
}

setInterval(() => { if (!document.hidden) refresh(); }, 20000);
document.addEventListener("visibilitychange", refresh);
