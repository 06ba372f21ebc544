// The texts of itsm/templatetags/ui.py, written in the browser: change both together.
import { phrase } from "./phrases.js";

/** Days, hours and minutes of a duration in seconds, from the largest that is not zero; no days of working time. */
export function parts(seconds, working = false) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const days = working ? 0 : Math.floor(minutes / 1440);
  const units = [["day", days], ["hour", Math.floor((minutes - days * 1440) / 60)], ["minute", minutes % 60]];
  const texts = units.filter(([, n]) => n).map(([unit, n]) => phrase(unit, { n }));
  return texts.length ? texts : [phrase("minute", { n: 0 })];
}

/** The two largest units of a duration in seconds, never below a minute. */
export function durationText(seconds, working = false) {
  const [large, small] = parts(seconds, working);
  return small ? phrase("pair", { large, small }) : large;
}

/** What remains of a limit: minutes and seconds below ten minutes, "over …" when past. */
export function remainingText(seconds, working = false) {
  const left = Math.floor(Math.abs(seconds));
  const short = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const time = left < 600 ? short : durationText(left, working);
  return seconds < 0 ? phrase("over", { time }) : time;
}
