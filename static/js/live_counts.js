// Counts beside views and in the navigation, in place: [data-count=CODE] and [data-count=ADDRESS].
const shown = new Map();

/** Write `counts` ({views, links}) where they stand; remember them for tabs that come later. */
export function show(counts) {
  for (const [name, text] of [...Object.entries(counts.views), ...Object.entries(counts.links)]) shown.set(name, text);
  draw();
  document.dispatchEvent(new CustomEvent("counted", { detail: counts }));
}

function draw() {
  for (const place of document.querySelectorAll("[data-count]")) {
    const text = shown.get(place.dataset.count);
    const first = place.firstChild;
    if (text === undefined || first?.textContent === text) continue;
    if (first?.nodeType === Node.TEXT_NODE) first.textContent = text;
    else place.prepend(text);
    place.hidden = text === "";
    if (place.dataset.tone) place.classList.toggle(place.dataset.tone, text !== "0");
    place.classList.remove("ticked");
    requestAnimationFrame(() => place.classList.add("ticked"));
  }
}
