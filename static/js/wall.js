// The live board: says how old it is, goes grey when no news came for 15 seconds, and on a wall turns by itself.
const STALE = 15;
const age = document.querySelector("[data-age]");
const live = document.getElementById("live-now");
const wall = document.querySelector("[data-turn]");
let heard = performance.now();

document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target === live) { heard = performance.now(); show(); } });

// The link was revoked, or its maker may see no boards any more: what stood there must not stay readable.
document.addEventListener("htmx:responseError", (event) => {
  if (!wall || event.detail.target !== live || ![403, 404, 410].includes(event.detail.xhr.status)) return;
  const said = document.createElement("p");
  said.className = "wall-ended";
  said.textContent = wall.dataset.ended;
  wall.replaceChildren(said);
  document.title = wall.dataset.ended;
});

function tick() {
  const seconds = Math.round((performance.now() - heard) / 1000);
  const stale = seconds >= STALE;
  document.body.classList.toggle("stale", stale);
  if (age) age.textContent = (stale ? age.dataset.stale : age.dataset.phrase).replace("{n}", seconds);
  const clock = document.querySelector("[data-clock]");
  if (clock) clock.textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}

let page = 0;
const PAGES = [["urgent", "overdue"], ["at_risk", "escalated"], ["undispatched", "wait_over"], ["groups"]];

/** On a wall one page of tiles is shown at a time; pages on which nothing stands are passed over. */
function show() {
  if (!wall) return;
  const [wanted] = [PAGES[page % PAGES.length]];
  for (const tile of live.querySelectorAll("[data-tile]")) tile.hidden = !wanted.includes(tile.dataset.tile);
}

const filled = (names) => names.includes("groups") || names.some((name) => live.querySelector(`[data-tile=${name}] li`));

function turn() {
  for (let n = 0; n < PAGES.length; n += 1) {
    page = (page + 1) % PAGES.length;
    if (filled(PAGES[page])) break;
  }
  show();
}

show();
tick();
setInterval(tick, 1000);
if (wall) setInterval(turn, 1000 * Number(wall.dataset.turn));
