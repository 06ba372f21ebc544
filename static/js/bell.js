// The bell learns at once that something new came: the live counts carry its figure; then it asks for itself. While something
// presses, the title of the page says so, for tabs that nobody looks at.
const address = () => document.querySelector("#bell")?.getAttribute("hx-get")?.replace("pressing/", "");
let last, open = false;
const menu = () => document.querySelector("#bell details");

document.addEventListener("counted", (event) => {
  const count = event.detail.links[address()];
  if (count === undefined || count === last) return;
  last = count;
  window.htmx.trigger("#bell", "notices");
});

// A new figure does not close the menu that somebody reads: it opens again, which reads the newest.
document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (detail.target.id === "bell") open = Boolean(menu()?.open); });
document.addEventListener("htmx:afterSettle", ({ detail }) => { if (detail.target.id === "bell" && open && menu()) menu().open = true; });

// Whoever acknowledges by keyboard goes on at the title of the notice that presses next: a second Enter must not acknowledge
// what nobody has read. After the last one, at the bell. A form that is being sent has lost the keyboard already.
const pressing = (element) => Boolean(element?.closest("#pressing"));
let within = false;
document.addEventListener("submit", ({ target }) => { within ||= pressing(target); });
document.addEventListener("htmx:oobBeforeSwap", () => { within ||= pressing(document.activeElement); });
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "bell") return;
  const lost = within && document.activeElement === document.body;
  within = false;
  if (lost) (document.querySelector(".pressing-band a") ?? menu()?.querySelector("summary"))?.focus();
});
document.addEventListener("htmx:responseError", () => { within = false; });
document.addEventListener("htmx:sendError", () => { within = false; });

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "pressing") return;
  const title = document.title.replace(/^⚠ /, "");
  document.title = document.querySelector("#pressing .pressing-band") ? `⚠ ${title}` : title; // the target is what went
});
