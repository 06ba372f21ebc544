// The engineer's page looks for news every ten seconds while somebody looks at it and no form is open over it.
// The server answers 204 when nothing changed: what is read stays where it is.
const SECONDS = 10;
const list = () => document.querySelector("[data-my]");

function refresh() {
  const mine = list();
  if (!mine || document.hidden || document.querySelector("dialog[open]")) return;
  const url = new URL(mine.dataset.my, location);
  url.searchParams.set("seen", mine.dataset.seen);
  window.htmx?.ajax("GET", url.pathname + url.search, { target: mine, swap: "outerHTML" });
}

if (list()) {
  setInterval(refresh, SECONDS * 1000);
  document.addEventListener("visibilitychange", refresh);
}
