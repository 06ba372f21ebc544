// The list that opens below the caret of a textarea: filtered while typing, walked with the arrows, chosen by Enter or Tab.
// suggest({ opens, ask, choose }): `opens(textBeforeCaret)` returns {query, from} or null; `ask` the results; `choose` does it.
import { phrase } from "./phrases.js";

const list = Object.assign(document.createElement("ul"), { className: "suggest", id: "suggest", hidden: true });
list.setAttribute("role", "listbox");
let open = null; // {field, kind, from, results, at, asked}

const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];

export function close() {
  if (!open) return;
  open.field.removeAttribute("aria-activedescendant");
  open = null;
  list.hidden = true;
}

function mark(at) {
  const found = options();
  open.at = (at + found.length) % found.length;
  found.forEach((option, number) => option.setAttribute("aria-selected", String(number === open.at)));
  found[open.at].scrollIntoView({ block: "nearest" });
  open.field.setAttribute("aria-activedescendant", found[open.at].id);
}

function line(result, number) {
  const option = Object.assign(document.createElement("li"), { id: `suggest-${number}` });
  option.setAttribute("role", "option");
  const head = option.appendChild(document.createElement("b"));
  head.textContent = result.text;
  if (result.code) option.append(Object.assign(document.createElement("code"), { textContent: `/${result.code}` }));
  if (result.detail) option.append(Object.assign(document.createElement("small"), { className: "muted", textContent: result.detail }));
  option.addEventListener("pointerdown", (event) => { event.preventDefault(); pick(number); });
  return option;
}

function nothing() {
  const option = Object.assign(document.createElement("li"), { className: "muted", textContent: phrase("none") });
  option.setAttribute("role", "option");
  option.setAttribute("aria-disabled", "true");
  return option;
}

function place(field) {
  const box = field.getBoundingClientRect();
  const below = innerHeight - box.bottom > 260 || box.top < 260;
  list.style.insetInlineStart = `${Math.max(8, Math.min(box.left, innerWidth - 368))}px`;
  list.style.top = below ? `${box.bottom + 4}px` : "auto";
  list.style.bottom = below ? "auto" : `${innerHeight - box.top + 4}px`;
}

async function show(field, kind, { query, from }) {
  const asked = {};
  open = { ...(open?.field === field ? open : {}), field, kind, from, asked };
  const results = await kind.ask(query, field).catch(() => []);
  if (open?.asked !== asked) return;
  open.results = results;
  if (!results.length && query) return close();
  list.replaceChildren(...results.map(line));
  if (!results.length) list.append(nothing());
  (field.closest("dialog") ?? document.body).append(list);
  list.hidden = false;
  list.setAttribute("aria-label", phrase(kind.label));
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-autocomplete", "list");
  place(field);
  if (results.length) mark(0);
}

function pick(number) {
  const { field, kind, from, results } = open;
  const until = field.selectionStart;
  close();
  kind.choose(results[number], field, { from, until });
}

/** Put `text` in the place of what stands between two positions, as if typed: undo and drafts know of it. */
export function insert(field, text, { from, until }) {
  field.focus();
  field.setSelectionRange(from, until);
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, from, until, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

export function suggest(kind) {
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches?.("form[data-draft] textarea") || field.selectionStart !== field.selectionEnd) return;
    const opens = kind.opens(field.value.slice(0, field.selectionStart), field);
    if (opens) show(field, kind, opens);
    else if (open?.kind === kind) close();
  });
}

/** Open the list of a kind without typing its sign. */
export function offer(kind, field) {
  field.focus();
  show(field, kind, { query: "", from: field.selectionStart });
}

document.addEventListener("keydown", (event) => {
  if (!open || event.target !== open.field || event.isComposing || list.hidden) return;
  const moves = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") close();
  else if (!options().length) return;
  else if (moves) mark(open.at + moves);
  else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") pick(open.at);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("focusout", (event) => { if (open && event.target === open.field) setTimeout(() => { if (document.activeElement !== open?.field) close(); }, 100); });
addEventListener("scroll", () => { if (open && !list.hidden) place(open.field); }, true);
