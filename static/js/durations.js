// The texts of itsm/templatetags/ui.py, written in the browser: change both together.
import { language, phrase } from "./phrases.js";

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const narrow = (count, unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }).format(count);

/** The two largest units of a duration in seconds, never below a minute. */
export function durationText(seconds) {
  let left = Math.floor(Math.abs(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || (unit === "minute" && !parts.length)) parts.push(narrow(count, unit));
  }
  return parts.slice(0, 2).join(language === "en" ? " " : "");
}

/** What remains of a limit: minutes and seconds below ten minutes, "over …" when past. */
export function remainingText(seconds) {
  const left = Math.floor(Math.abs(seconds));
  const short = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const time = left < 600 ? short : durationText(left);
  return seconds < 0 ? phrase("over", { time }) : time;
}
