// The texts of itsm/templatetags/ui.py, written in the browser: change both together.
import { phrase } from "./phrases.js";

/** Days, hours and minutes of a duration in seconds, from the largest that is not zero. */
export function parts(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const units = [["day", Math.floor(minutes / 1440)], ["hour", Math.floor(minutes / 60) % 24], ["minute", minutes % 60]];
  const texts = units.filter(([, n]) => n).map(([unit, n]) => phrase(unit, { n }));
  return texts.length ? texts : [phrase("minute", { n: 0 })];
}

/** The two largest units of a duration in seconds, never below a minute. */
export function durationText(seconds) {
  const [large, small] = parts(seconds);
  return small ? phrase("pair", { large, small }) : large;
}

/** What remains of a limit: minutes and seconds below ten minutes, "over …" when past. */
export function remainingText(seconds) {
  const left = Math.floor(Math.abs(seconds));
  const short = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const time = left < 600 ? short : durationText(left);
  return seconds < 0 ? phrase("over", { time }) : time;
}
