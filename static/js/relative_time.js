// Keeps <time class="when"> current while it is less than a day away; older ones show a date already.
import { language, phrase } from "./phrases.js";

const format = new Intl.RelativeTimeFormat(language, { numeric: "always" });

function text(seconds) {
  const distance = Math.abs(seconds);
  if (distance < 60) return phrase("now");
  const [unit, size] = distance < 3600 ? ["minute", 60] : ["hour", 3600];
  return format.format(Math.sign(seconds) * Math.floor(distance / size), unit);
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
