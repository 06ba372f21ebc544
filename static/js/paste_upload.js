// Drag, drop and paste of files into the file input of a [data-upload], with a list that can be undone.
import { phrase } from "./phrases.js";

const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

function put(input, files) {
  const transfer = new DataTransfer();
  for (const file of input.multiple ? files : files.slice(-1)) transfer.items.add(file);
  input.files = transfer.files;
  show(input);
}

const add = (input, more) => put(input, [...input.files, ...more]);

/** A small picture of a file. Drawn, because the policy of our pages forbids blob: addresses. */
async function draw(file, canvas) {
  const [width, height] = [canvas.width, canvas.height] = [80, 56];
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return canvas.remove();
  const scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  return canvas.getContext("2d").drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}

function row(input, file) {
  const item = document.createElement("li");
  if (file.type.startsWith("image/")) {
    draw(file, item.appendChild(document.createElement("canvas")));
  }
  item.append(Object.assign(document.createElement("span"), { textContent: `${file.name} · ${size(file.size)}` }));
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: phrase("remove") });
  remove.setAttribute("aria-label", `${phrase("remove")}: ${file.name}`);
  remove.addEventListener("click", () => put(input, [...input.files].filter((other) => other !== file)));
  item.append(remove);
  return item;
}

function show(input) {
  const list = input.closest("[data-upload]").querySelector("[data-uploads]");
  list.replaceChildren(...[...input.files].map((file) => row(input, file)));
}

export function enhance(root) {
  const zones = [...root.querySelectorAll("[data-upload]")];
  if (root.matches?.("[data-upload]")) zones.push(root);
  for (const zone of zones) {
    const input = zone.querySelector("input[type=file]");
    if (!input) continue;
    input.addEventListener("change", () => show(input));
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      add(input, event.dataTransfer.files);
    });
    (zone.closest("form") ?? zone).addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) add(input, event.clipboardData.files);
    });
  }
}
