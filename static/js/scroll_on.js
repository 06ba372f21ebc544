// A list goes on where it ends: [data-more] is fetched when it comes into sight, or when J walks near it. Back from
// another page returns to the line where one was: the pages seen are fetched again, then it is scrolled there.
const queue = document.getElementById("queue");
const KEY = "queue-place";
const NEAR = 4;
let seen = 0;

const here = () => location.pathname + location.search;
const pane = () => (queue.scrollHeight > queue.clientHeight ? queue : document.scrollingElement);

function keep() {
  sessionStorage.setItem(KEY, JSON.stringify({ address: here(), seen, top: pane().scrollTop }));
}

function more() {
  const link = queue.querySelector("[data-more]");
  if (link) window.htmx.trigger(link, "more");
  return Boolean(link);
}

function walked({ target }) {
  if (!target.matches?.("a[data-row]")) return;
  const rows = [...queue.querySelectorAll("a[data-row]")];
  if (rows.length - rows.indexOf(target) <= NEAR) more();
}

async function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const [entry] = performance.getEntriesByType("navigation");
  if (kept?.address !== here() || !["back_forward", "reload"].includes(entry?.type)) return;
  while (seen < kept.seen && more()) {
    await new Promise((resolve) => queue.addEventListener("htmx:afterSettle", resolve, { once: true }));
  }
  pane().scrollTop = kept.top;
}

if (queue) {
  queue.addEventListener("focusin", walked);
  queue.addEventListener("htmx:afterSwap", ({ target, detail }) => {
    if (target === queue) seen = 0;
    else if (detail.requestConfig?.elt?.matches?.("[data-more]")) seen += 1;
  });
  addEventListener("pagehide", keep);
  addEventListener("load", comeBack);
}
