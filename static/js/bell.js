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

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "pressing") return;
  const title = document.title.replace(/^⚠ /, "");
  document.title = event.detail.target.querySelector(".pressing-band") ? `⚠ ${title}` : title;
});
