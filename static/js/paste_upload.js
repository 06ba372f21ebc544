// Drag, drop and paste of files into the file input of a [data-upload], with a list that can be undone. What the server would
// refuse is not taken, and the list says why: input[data-kinds-url][data-max-bytes][data-max-files].
import { phrase } from "./phrases.js";

let kinds = null;

/** The accepted endings, asked for once a page; none known: the server decides. */
function kindsOf(url) {
  const ask = async () => (await (await fetch(url, { headers: { "X-By-Itself": "1" } })).json()).kinds;
  if (url) kinds ??= ask().catch(() => []);
  return kinds ?? [];
}

const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

function refusal({ dataset }, file, taken, accepted) {
  const kind = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
  const limit = Number(dataset.maxBytes);
  if (accepted.length && !accepted.includes(kind)) return phrase("fileKind", { name: file.name, kinds: accepted.join(", ") });
  if (limit && file.size > limit) return phrase("fileLarge", { name: file.name, limit: limit / 1048576 });
  if (!file.size) return phrase("fileEmpty", { name: file.name });
  return dataset.maxFiles && taken >= Number(dataset.maxFiles) ? phrase("fileMany", { name: file.name, count: dataset.maxFiles }) : "";
}

async function put(input, files) {
  const accepted = await kindsOf(input.dataset.kindsUrl);
  const transfer = new DataTransfer();
  const refused = [];
  for (const file of input.multiple ? files : files.slice(-1)) {
    const why = refusal(input, file, transfer.items.length, accepted);
    if (why) refused.push(why);
    else transfer.items.add(file);
  }
  input.files = transfer.files;
  show(input, refused);
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

const complaint = (text) => Object.assign(document.createElement("li"), { className: "refused", textContent: text });

function show(input, refused) {
  const list = input.closest("[data-upload]").querySelector("[data-uploads]");
  list.replaceChildren(...refused.map(complaint), ...[...input.files].map((file) => row(input, file)));
}

export function enhance(root) {
  const zones = [...root.querySelectorAll("[data-upload]")];
  if (root.matches?.("[data-upload]")) zones.push(root);
  for (const zone of zones) {
    const input = zone.querySelector("input[type=file]");
    if (!input) continue;
    input.addEventListener("change", () => put(input, [...input.files]));
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
