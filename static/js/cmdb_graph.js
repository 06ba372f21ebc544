// Draws the graph around an item: opens neighbours on a click, keeps what is open in the address, and goes by keys too.
// The page loads Cytoscape before this module; colours come from the page's own custom properties.
const box = document.getElementById("graph");
const said = document.getElementById("graph-said");
const colour = (name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  box.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};
const TONES = { ok: ["--ok-bar", "--ok-bg"], degraded: ["--soon-bar", "--soon-bg"], down: ["--late-bar", "--late-bg"], away: ["--idle-bar", "--idle-bg"] };

function styles() {
  const text = colour("--text"), line = colour("--control"), accent = colour("--accent"), muted = colour("--muted"), surface = colour("--surface");
  const tones = Object.entries(TONES).map(([state, [border, fill]]) => ({
    selector: `node[state = "${state}"]`, style: { "border-color": colour(border), "background-color": colour(fill) },
  }));
  return [
    { selector: "node", style: { shape: "round-rectangle", ...SIZE, "border-width": 1.5, label: "data(label)", "text-valign": "center", "text-wrap": "wrap", "text-max-width": 156, "font-size": 11, "line-height": 1.25, color: text } },
    ...tones,
    { selector: "node[?changing]", style: { "border-width": 2.5, "border-style": "double" } },
    { selector: "node[?broken]", style: { "border-color": colour("--late-bar") } },
    { selector: "node[?bundle]", style: { "background-color": surface, "border-color": line, "border-style": "dashed", "font-style": "italic" } },
    { selector: "node[?root]", style: { "border-width": 3, "font-weight": "bold" } },
    { selector: "node:selected", style: { "border-color": accent, "border-width": 3 } },
    { selector: "edge", style: { width: 1.4, "line-color": line, "target-arrow-color": line, "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier", label: "data(label)", "font-size": 9, color: muted, "text-background-color": surface, "text-background-opacity": 0.9, "text-background-padding": 2, "text-rotation": "autorotate" } },
    { selector: "edge[!sure]", style: { "line-style": "dashed" } },
    { selector: "edge[?plain]", style: { "target-arrow-shape": "none", "line-style": "dotted" } },
    { selector: ".off", style: { opacity: 0.15 } },
  ];
}

const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function elements({ nodes, edges, bundles }) {
  const more = (node) => (node.folded && !node.opened ? `\n${box.dataset.folded.replace("{n}", node.folded)}` : "");
  const marks = (node) => (node.marks.length ? `\n${node.marks.map((mark) => `${mark.label} ${mark.count}`).join(" · ")}` : "");
  const broken = (node) => node.marks.some((mark) => mark.code === "incident");
  return [
    ...nodes.map((node) => ({
      data: { ...node, broken: broken(node), changing: node.marks.length > 0, label: `${short(node.code, 24)}\n${short(node.name, 24)}${marks(node)}${more(node)}` },
    })),
    ...bundles.map((row) => ({
      data: { id: row.id, bundle: true, class_code: row.class_code, class_name: row.class_name, code: row.class_name, name: `× ${row.count}`, url: row.url, label: `${short(row.class_name, 24)}\n× ${row.count}` },
    })),
    ...edges.map((edge) => ({ data: edge })),
    ...bundles.map((row) => ({ data: { id: `of-${row.id}`, source: row.parent, target: row.id, label: "", sure: true, plain: true } })),
  ];
}

const SIZE = { width: 168, height: 58 };
const worker = new Worker(box.dataset.worker);
worker.postMessage({ libraries: box.dataset.libraries.split(" ").map((path) => new URL(path, location.href).href) });
let asked = 0;

/** Where each box stands, worked out beside the page; null when something newer was asked meanwhile. */
function positionsOf(name) {
  asked += 1;
  const number = asked;
  const plain = graph.elements().map((part) => ({ data: { id: part.id(), source: part.data("source"), target: part.data("target"), root: part.data("root"), opened: part.data("opened") } }));
  return new Promise((resolve, reject) => {
    const listen = ({ data }) => {
      if (data.number !== number) return;
      worker.removeEventListener("message", listen);
      if (data.error) reject(new Error(data.error));
      else resolve(number === asked ? data.positions : null);
    };
    worker.addEventListener("message", listen);
    worker.postMessage({ number, name, size: SIZE, elements: plain });
  });
}

const opened = new Set(new URLSearchParams(location.search).get("open")?.split(",").filter(Boolean) ?? []);
let graph = null;

function address() {
  const url = new URL(location.href);
  opened.size ? url.searchParams.set("open", [...opened].join(",")) : url.searchParams.delete("open");
  return url;
}

async function draw() {
  const url = new URL(box.dataset.url, location.href);
  url.search = address().search;
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const data = await answer.json();
  const kept = graph?.$(":selected").id();
  graph ??= make();
  graph.elements().remove();
  graph.add(elements(data));
  await arrange();
  offerClasses(data.nodes);
  said.textContent = data.partial ? box.dataset.partial : "";
  graph.getElementById(kept ?? `item-${data.root}`).select();
}

function make() {
  const made = window.cytoscape({ container: box, style: styles(), minZoom: 0.15, maxZoom: 2.5, hideEdgesOnViewport: true, selectionType: "single" });
  made.on("tap", "node", ({ target }) => toggle(target));
  made.on("dbltap", "node", ({ target }) => { location.href = target.data("url"); });
  return made;
}

function toggle(node) {
  if (node.data("bundle")) {
    location.href = node.data("url");
    return;
  }
  const key = String(node.data("key"));
  if (node.data("root") || (!opened.has(key) && !node.data("folded"))) return;
  opened.has(key) ? opened.delete(key) : opened.add(key);
  history.replaceState(null, "", address());
  draw();
}

const WIDEST = 8, SMALLEST = 0.55, READABLE = 0.8; // more boxes side by side, or smaller ones, could not be read

/** Breaks layers that are too wide into rows, the order kept. */
function wrapLayers() {
  const layers = new Map();
  graph.nodes().forEach((node) => layers.set(Math.round(node.position("y")), [...(layers.get(Math.round(node.position("y"))) ?? []), node]));
  const most = Math.max(2, Math.min(WIDEST, Math.floor(box.clientWidth / 130)));
  if (![...layers.values()].some((nodes) => nodes.length > most)) return;
  let y = 0;
  for (const [, nodes] of [...layers].sort(([a], [b]) => a - b)) {
    nodes.sort((a, b) => a.position("x") - b.position("x"));
    const rows = Math.ceil(nodes.length / most), size = Math.ceil(nodes.length / rows);
    for (let row = 0; row < rows; row += 1) {
      const part = nodes.slice(row * size, (row + 1) * size);
      part.forEach((node, place) => node.position({ x: (place - (part.length - 1) / 2) * 194, y }));
      y += row < rows - 1 ? 84 : 136;
    }
  }
  graph.fit(undefined, 24);
}

async function arrange() {
  const name = document.getElementById("graph-layout").value;
  box.setAttribute("aria-busy", "true");
  const positions = await positionsOf(name);
  if (!positions) return;
  box.removeAttribute("aria-busy");
  graph.layout({ name: "preset", positions: (node) => positions[node.id()], fit: true, padding: 24 }).run();
  if (name === "dagre") wrapLayers();
  if (graph.zoom() > 1.25) { // a few boxes need not fill the screen
    graph.zoom(1.25);
    graph.center();
  }
  const small = box.clientWidth < 600 && graph.zoom() < SMALLEST; // of a phone: a part that can be read, and how to see the rest
  if (small) graph.zoom(READABLE).center(graph.nodes("[?root]"));
  document.getElementById("graph-larger").hidden = !small;
}

function offerClasses(nodes) {
  const select = document.getElementById("graph-class");
  const names = new Map(nodes.map((node) => [node.class_code, node.class_name]));
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...[...names].map(([code, name]) => new Option(name, code)));
  select.value = names.has(chosen) ? chosen : "";
  only(select.value);
}

function only(code) {
  graph.elements().removeClass("off");
  if (code) graph.nodes().filter((node) => node.data("class_code") !== code && !node.data("root")).addClass("off");
}

function beside(key) {
  const from = graph.$("node:selected").first();
  if (!from.length) return graph.nodes("[?root]");
  const [axis, sign] = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] }[key];
  const other = axis === "x" ? "y" : "x";
  const away = (node) => (node.position(axis) - from.position(axis)) * sign;
  const cost = (node) => away(node) + 2 * Math.abs(node.position(other) - from.position(other));
  const found = graph.nodes().filter((node) => away(node) > 1);
  return found.length ? found.min(cost).ele : from;
}

box.addEventListener("keydown", (event) => {
  const chosen = graph?.$("node:selected").first();
  if (!graph || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) {
    const next = beside(event.key);
    graph.nodes().unselect();
    next.select();
    said.textContent = `${next.data("code")} ${next.data("name")}`;
  } else if (event.key === "Enter" && chosen.length) toggle(chosen);
  else if (event.key.toLowerCase() === "o" && chosen.length) location.href = chosen.data("url");
  else if (event.key === "+") graph.zoom(graph.zoom() * 1.2);
  else if (event.key === "-") graph.zoom(graph.zoom() / 1.2);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
document.getElementById("graph-layout").addEventListener("change", arrange);
document.getElementById("graph-class").addEventListener("change", ({ target }) => only(target.value));
document.getElementById("graph-fit").addEventListener("click", () => graph?.fit(undefined, 24));
document.getElementById("graph-picture").addEventListener("click", () => {
  if (!graph) return;
  const link = document.createElement("a");
  link.href = graph.png({ full: true, scale: 2, bg: colour("--surface") });
  link.download = `${box.dataset.name}.png`;
  link.click();
});
new MutationObserver(() => graph?.style(styles())).observe(document.documentElement, { attributeFilter: ["data-bs-theme", "data-color-scheme"] });
draw();
