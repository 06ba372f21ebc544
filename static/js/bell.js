// The bell learns at once that something new came: the live counts carry its figure; then it asks for itself. While something
// presses, the title of the page says so, for tabs that nobody looks at.
const address = () => document.querySelector("#bell")?.getAttribute("hx-get")?.replace("pressing/", "");
let last;

document.addEventListener("counted", (event) => {
  const count = event.detail.links[address()];
  if (count === undefined || count === last) return;
  last = count;
  window.htmx.trigger("#bell", "notices");
});

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "pressing") return;
  const title = document.title.replace(/^⚠ /, "");
  document.title = event.detail.target.querySelector(".pressing-band") ? `⚠ ${title}` : title;
});
