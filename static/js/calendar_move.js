// Changes are dragged in the calendar: in a month or week to another day, in a day to another time, in lanes of a week
// also to another business system or group. What that means is shown on a page of its own, which is also where the
// keyboard leads (the list below the calendar).
const QUARTER = 15;
let dragged = null;

const two = (number) => String(number).padStart(2, "0");

// In the line of a day: where the beginning of the change would lie, at a full quarter of an hour.
function startOf(line, event) {
  const box = line.getBoundingClientRect();
  const part = (event.clientX - dragged.grip - box.left) / box.width;
  const minutes = Math.min(Math.max(Math.round((part * 1440) / QUARTER) * QUARTER, 0), 1440 - QUARTER);
  return `${line.dataset.line}T${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function target(event) {
  const place = dragged && event.target.closest?.("td[data-day], table[data-line]");
  return place && place.closest("main") ? place : null;
}

document.addEventListener("dragstart", (event) => {
  const chip = event.target.closest?.("[data-moves]");
  if (!chip) return;
  const from = chip.closest("td[data-lane]");
  dragged = { moves: chip.dataset.moves, code: from?.dataset.code, grip: event.clientX - (chip.closest("td") || chip).getBoundingClientRect().left };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", chip.textContent.trim());
});

document.addEventListener("dragover", (event) => {
  const place = target(event);
  document.querySelectorAll(".drop-here").forEach((one) => one !== place && one.classList.remove("drop-here"));
  if (!place) return;
  event.preventDefault();
  place.classList.add("drop-here");
});

document.addEventListener("drop", (event) => {
  const place = target(event);
  if (!place) return;
  event.preventDefault();
  const query = place.dataset.day ? { day: place.dataset.day } : { start: startOf(place, event) };
  if (place.dataset.lane && place.dataset.code !== dragged.code) query[place.dataset.lane] = place.dataset.code;
  location.assign(`${dragged.moves}?${new URLSearchParams(query)}`);
});

document.addEventListener("dragend", () => {
  dragged = null;
  document.querySelectorAll(".drop-here").forEach((one) => one.classList.remove("drop-here"));
});
