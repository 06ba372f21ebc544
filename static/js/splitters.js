// Widths of panes: .splitter[data-splitter=NAME] sets --NAME-width on the page and remembers it; theme.js puts it back
// before the first paint. By mouse, by touch, by arrow keys; a double click forgets it.
const root = document.documentElement;
const read = (bar) => parseFloat(getComputedStyle(document.getElementById(bar.getAttribute("aria-controls"))).width);

function set(bar, width) {
  const [low, high] = [Number(bar.ariaValueMin), Number(bar.ariaValueMax)];
  const kept = Math.round(Math.min(Math.max(width, low), high));
  root.style.setProperty(`--${bar.dataset.splitter}-width`, `${kept}px`);
  bar.ariaValueNow = String(kept);
  localStorage.setItem(`width-${bar.dataset.splitter}`, kept);
}

function forget(bar) {
  root.style.removeProperty(`--${bar.dataset.splitter}-width`);
  localStorage.removeItem(`width-${bar.dataset.splitter}`);
}

// The pane on the left grows to the right, the one on the right to the left.
const sign = (bar) => (bar.dataset.splitter === "queue" ? 1 : -1);

document.addEventListener("pointerdown", (event) => {
  const bar = event.target.closest?.(".splitter");
  if (!bar) return;
  event.preventDefault();
  const [start, width] = [event.clientX, read(bar)];
  const move = (moved) => set(bar, width + sign(bar) * (moved.clientX - start));
  bar.setPointerCapture(event.pointerId);
  bar.addEventListener("pointermove", move);
  bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
});

document.addEventListener("dblclick", (event) => {
  const bar = event.target.closest(".splitter");
  if (bar) forget(bar);
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
  const bar = step && event.target.closest?.(".splitter");
  if (!bar) return;
  event.preventDefault();
  set(bar, read(bar) + sign(bar) * step);
});
