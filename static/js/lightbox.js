// Pictures of the timeline open large in a native dialog: arrows walk through them, Escape closes, focus goes back.
import { phrase } from "./phrases.js";

const SELECTOR = "a.attachment[data-large]";
let dialog = null;
let links = [];
let at = 0;

function button(label, icon, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "icon-button", textContent: icon });
  made.ariaLabel = phrase(label);
  made.addEventListener("click", act);
  return made;
}

function make() {
  dialog = Object.assign(document.createElement("dialog"), { className: "lightbox" });
  const bar = dialog.appendChild(document.createElement("div"));
  bar.className = "lightbox-bar";
  bar.append(document.createElement("span"), button("earlier", "‹", () => walk(-1)), button("later", "›", () => walk(1)));
  const save = bar.appendChild(Object.assign(document.createElement("a"), { className: "btn btn-sm", textContent: phrase("download"), download: "" }));
  save.dataset.save = "";
  bar.append(button("close", "×", () => dialog.close()));
  dialog.append(document.createElement("img"));
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) walk(step);
  });
  dialog.addEventListener("close", () => links[at]?.focus());
  document.body.append(dialog);
}

function walk(step) {
  at = (at + step + links.length) % links.length;
  const link = links[at];
  const name = link.querySelector("span")?.textContent ?? "";
  const picture = dialog.querySelector("img");
  picture.src = link.dataset.large;
  picture.alt = name;
  dialog.querySelector(".lightbox-bar span").textContent = links.length > 1 ? `${name} · ${at + 1}/${links.length}` : name;
  dialog.querySelector("[data-save]").href = link.href;
  dialog.ariaLabel = name;
  for (const other of dialog.querySelectorAll(".lightbox-bar .icon-button:not(:last-child)")) other.hidden = links.length < 2;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(SELECTOR);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog?.isConnected) make();
  links = [...document.querySelectorAll(SELECTOR)];
  at = links.indexOf(link);
  walk(0);
  dialog.showModal();
});
