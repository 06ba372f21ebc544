// Ctrl K: one field for tickets, people, items and commands. The server finds while one types, in what the person may
// see; commands are what this page offers: its navigation, views, menus and everything with a key.
import { announce } from "./toasts.js";
import { phrase } from "./phrases.js";

const WAIT = 120; // milliseconds after the last key before the server is asked
const SHOWN = 6; // commands beside hits; without words all of them
const RECENT = "lately"; // numbers of tickets that were open in this browser; the server says what may be shown of them
const PLACES = ".side li a, .portal-nav a, .views a, .person-menu .menu-list :is(a,button), .theme button, .language button, .list-tools > a, .actions :is(a,button), [data-key]";

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("[role=combobox]");
const list = dialog?.querySelector("[role=listbox]");
const hits = dialog?.querySelector("[data-hits]");
const commands = dialog?.querySelector("[data-commands]");
let asking = null;
let timer = 0;
let back = null;
let walked = false; // whether the person moved to what is chosen

const plain = (text) => text.normalize("NFKC").toLowerCase().trim();
const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");

function recent() {
  try { return JSON.parse(localStorage.getItem(RECENT) ?? "[]"); } catch { return []; }
}

function remember() {
  const number = location.pathname.match(/^\/tickets\/([A-Z0-9]+)\/$/)?.[1] ?? new URLSearchParams(location.search).get("ticket");
  if (number && /^[A-Z0-9]+$/.test(number)) localStorage.setItem(RECENT, JSON.stringify([number, ...recent().filter((other) => other !== number)].slice(0, 8)));
}

function label(element) {
  const named = element.ariaLabel || (element.closest(".language") && element.title) || [...element.childNodes].filter((node) => !node.matches?.("kbd,.count,.n,svg")).map((node) => node.textContent).join(" ");
  const menu = element.closest(".theme")?.querySelector("summary").ariaLabel;
  return (menu ? `${menu}: ${named}` : named).replace(/\s+/g, " ").trim();
}

/** What the page offers, each once: [label, key, element]. */
function offered() {
  const found = new Map();
  for (const element of document.querySelectorAll(PLACES)) {
    if (element.matches("input,textarea,select,:disabled,[aria-disabled=true]") || element.closest("dialog")) continue;
    const text = label(element);
    if (text && !found.has(text)) found.set(text, [text, element.dataset.key ?? "", element]);
  }
  return [...found.values()];
}

function run(element) {
  dialog.close();
  element.click();
}

function option([text, key, element]) {
  const made = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
  made.querySelector(".t").textContent = text;
  made.querySelector("kbd").textContent = key.toUpperCase();
  made.querySelector("kbd").hidden = !key;
  made.addEventListener("click", () => run(element));
  return made;
}

/** Commands in which every typed word occurs; last the way to the whole search. */
function showCommands() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  const fitting = offered().filter(([text]) => words.every((word) => plain(text).includes(word)));
  commands.querySelectorAll("[role=option]").forEach((old) => old.remove());
  commands.append(...fitting.slice(0, words.length ? SHOWN : undefined).map(option));
  if (words.length) {
    const all = dialog.querySelector("template[data-all]").content.firstElementChild.cloneNode(true);
    all.href = `${dialog.dataset.search}?${new URLSearchParams({ q: field.value.trim() })}`;
    all.dataset.all = "";
    all.querySelector("b").textContent = field.value.trim();
    commands.append(all);
  }
  commands.hidden = !commands.querySelector("[role=option]");
}

function choose(next) {
  chosen()?.setAttribute("aria-selected", "false");
  options().forEach((each, place) => { each.id = `palette-${place}`; });
  if (next) next.setAttribute("aria-selected", "true");
  if (next) field.setAttribute("aria-activedescendant", next.id);
  else field.removeAttribute("aria-activedescendant");
  next?.scrollIntoView({ block: "nearest" });
}

async function ask() {
  asking?.abort();
  const mine = asking = new AbortController();
  const words = field.value.trim();
  const address = `${dialog.dataset.url}?${new URLSearchParams(words ? { q: words } : { recent: recent().join(",") })}`;
  dialog.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { signal: mine.signal, headers: { "HX-Request": "true" } });
    if (answer.redirected) return location.assign("/");
    if (!answer.ok) throw new Error(answer.status);
    const found = await answer.text(), held = chosen();
    hits.innerHTML = found;
    choose(words && held?.isConnected && (walked || !("all" in held.dataset)) ? held : options()[0]); // what stands chosen is not taken from under Enter
    announce(phrase("found", { n: options().length }));
  } catch (error) {
    if (error.name !== "AbortError") announce(phrase("offline"));
  } finally {
    if (mine === asking) dialog.removeAttribute("aria-busy");
  }
}

function type() {
  walked = false;
  showCommands();
  choose(options()[0]);
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

/** Open the palette, with what is in the field of the top bar. */
function open(words = "") {
  if (dialog.open) return;
  back = document.activeElement;
  document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
  field.value = words;
  walked = false;
  hits.replaceChildren();
  dialog.showModal();
  field.select();
  showCommands();
  choose(options()[0]);
  ask();
}

function walk(event) {
  const all = options();
  const here = all.indexOf(chosen());
  const places = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: Math.min(here + 8, all.length - 1), PageUp: Math.max(here - 8, 0) };
  if (!(event.key in places) || !all.length) return false;
  choose(all.at(places[event.key] % all.length));
  walked = true;
  return true;
}

function enter(event) {
  const target = chosen();
  if (!target) return;
  if ((event.ctrlKey || event.metaKey) && target.href) window.open(target.href, "_blank", "noopener");
  else target.click();
}

if (dialog) {
  remember();
  for (const moved of ["htmx:pushedIntoHistory", "htmx:replacedInHistory", "popstate"]) addEventListener(moved, remember);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else if (!document.querySelector("dialog[open]")) open();
    }
  }, true);
  document.addEventListener("mousedown", (event) => {
    const top = event.target.closest("[data-palette]");
    if (!top || event.button) return;
    event.preventDefault();
    open(top.value);
  });
  field.addEventListener("input", type);
  dialog.addEventListener("keydown", (event) => {
    if (!dialog.open || event.isComposing || event.keyCode === 229) return;
    event.stopPropagation();
    if (walk(event)) event.preventDefault();
    else if (event.key === "Enter" && event.target === field) { event.preventDefault(); enter(event); }
  });
  list.addEventListener("mousemove", (event) => {
    const under = event.target.closest("[role=option]");
    if (under && under !== chosen()) { choose(under); walked = true; }
  });
  dialog.addEventListener("close", () => { clearTimeout(timer); asking?.abort(); if (back?.isConnected) back.focus({ preventScroll: true }); });
}
