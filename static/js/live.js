// Keeps the page current without a reload: a stream of events from the live process; where none can be had, the same messages
// are asked for every few seconds. Says what the page shows, hands out what comes. A tab that nobody sees listens to nothing.
import * as counts from "./live_counts.js";
import * as presence from "./live_presence.js";
import * as rows from "./live_rows.js";
import * as ticket from "./live_ticket.js";

const ASK = 4000, OPENS_WITHIN = 8000, SILENT = 40000, HIDDEN = 10000, WRITES = 12000;
const stream = document.body.dataset.live;
const state = { cursor: "", page: "", limited: false, told: "", failures: 0, wroteAt: 0, over: false };
let source = null, opening = 0, watchdog = 0, asking = 0, retry = 0, hiding = 0;

/** What the page shows: see live/looks.py. */
function look() {
  const found = { lang: document.documentElement.lang, ticket: ticket.number() };
  const query = document.querySelector("[data-live-query]")?.dataset.liveQuery;
  if (query !== undefined) {
    const filters = new URLSearchParams(query);
    for (const name of ["view", "kind"]) if (filters.get(name)) found[name] = filters.get(name);
    for (const name of ["view", "kind", "ordering"]) filters.delete(name);
    if (filters.size) found.filters = filters.toString();
    if (state.limited) found.have = rows.numbers().join(",");
  }
  if (document.querySelector("[data-live-home]")) found.portal = "1";
  if (Date.now() - state.wroteAt < WRITES && found.ticket) found.writes = "1";
  return found;
}

function take(message) {
  if (message.cursor) state.cursor = message.cursor;
  if (message.page) state.page = message.page;
  if (message.limited !== undefined) state.limited = message.limited;
  if (message.end) return stop();
  if (message.counts) counts.show(message.counts);
  if (message.rows) rows.apply(message.rows);
  if (message.again) rows.again();
  if (message.ticket) ticket.news(message.ticket);
  if (message.home) ticket.home();
  presence.learn(message);
}

/** Signed out: nothing more is asked until the page is loaded anew. */
function stop() {
  state.over = true;
  pause();
}

function pause() {
  source?.close();
  source = null;
  [opening, watchdog, asking, retry].forEach(clearTimeout);
  asking = retry = 0;
}

function connect() {
  pause();
  if (state.over || document.hidden) return;
  const url = new URL(stream, location);
  const shown = look();
  url.search = new URLSearchParams({ ...shown, cursor: state.cursor });
  state.told = JSON.stringify(shown);
  source = new EventSource(url, { withCredentials: true });
  opening = setTimeout(fail, OPENS_WITHIN);
  source.onerror = fail;
  source.onmessage = (event) => {
    clearTimeout(opening);
    clearTimeout(watchdog);
    clearTimeout(asking);
    asking = 0;
    watchdog = setTimeout(fail, SILENT);
    state.failures = 0;
    document.body.dataset.liveBy = "stream";
    take(JSON.parse(event.data));
    turn();
  };
}

/** No stream: ask instead, and try again after a while. */
function fail() {
  pause();
  if (state.over || document.hidden) return;
  state.page = "";
  ask();
  retry = setTimeout(connect, Math.min(60000, 2000 * 2 ** state.failures++) * (1 + Math.random()));
}

async function ask() {
  clearTimeout(asking);
  const shown = look();
  state.told = JSON.stringify(shown);
  const query = new URLSearchParams({ ...shown, cursor: state.cursor });
  try {
    const answer = await fetch(`/updates/?${query}`, { headers: { "X-By-Itself": "1" }, redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return stop();
    if (answer.ok) {
      document.body.dataset.liveBy = "asking";
      take(await answer.json());
    }
  } catch { /* the server or the network is away; the next time will tell */ }
  if (!source && !state.over && !document.hidden) asking = setTimeout(ask, ASK);
}

/** Tell the server when the page shows something else than it knows. */
async function turn() {
  if (state.over) return;
  const shown = look();
  const text = JSON.stringify(shown);
  if (text === state.told) return;
  if (!source) return asking ? ask() : undefined;
  if (!state.page) return;
  state.told = text;
  const answer = await fetch(new URL("turn", new URL(stream, location)), { method: "POST", credentials: "include", body: new URLSearchParams({ ...shown, page: state.page }) }).catch(() => null);
  if (answer?.status !== 204 && source) fail();
}

function wrote(event) {
  if (!event.target.closest?.("[data-ticket] form")) return;
  const before = state.wroteAt;
  state.wroteAt = Date.now();
  if (state.wroteAt - before > WRITES) turn();
  else if (state.wroteAt - (wrote.told ?? 0) > WRITES && source && state.page) {
    wrote.told = state.wroteAt;
    state.told = "";
    turn();
  }
}

function visibility() {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(pause, HIDDEN);
  else if (!source) connect();
}

if (stream && document.body.dataset.person && "EventSource" in window) {
  connect();
  document.addEventListener("workspace", () => { turn(); presence.draw(); rows.settle(); });
  document.addEventListener("htmx:afterSettle", () => { turn(); presence.draw(); });
  document.addEventListener("input", wrote);
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt.matches("form")) state.wroteAt = 0; });
  document.addEventListener("visibilitychange", visibility);
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  addEventListener("online", connect);
  addEventListener("pagehide", pause);
  setInterval(() => { if (state.wroteAt && Date.now() - state.wroteAt > WRITES && JSON.parse(state.told || "{}").writes) turn(); }, 5000);
}
