// Makes long choices searchable: select[data-select] with more than a screenful; with data-url the server searches:
// GET url?q=text answers {results: [{value, text, detail}]}. The library is fetched only where needed.
// A choice is announced to the page by the event "chosen" on the select.
import { phrase } from "./phrases.js";

const SHORT = 12; // so many options and fewer are quicker to see than to search

let library = null;
const open = new Set(); // lists that stand below their fields
addEventListener("scroll", () => open.forEach((made) => made.positionDropdown()), true);

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.getElementById("phrases").dataset.tomSelect;
    script.onload = () => resolve(window.TomSelect);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

const unanswered = ({ dataset, form }) => (dataset.with && !form.elements.namedItem(dataset.with).value ? dataset.none : null);
const item = (data, escape) => `<div>${escape(data.text)}</div>`;
const option = (data, escape) =>
  `<div><span>${escape(data.text)}</span>${data.detail ? `<small class="muted">${escape(data.detail)}</small>` : ""}</div>`;

/** Whether every word that is typed stands in it. */
const fits = (query, { text, detail = "" }) => query.toLowerCase().split(/\s+/).every((word) => `${text} ${detail}`.toLowerCase().includes(word));

/**
 * Choices from the server. data-with names a field of the form that narrows them; then, as with data-whole, all are offered at once, in the server's order.
 * It offers what the server found for the words that stand there now, in its order; until that has come, what fits them of
 * what it found before, so that Enter never takes an answer to other words. What the page brought stands below.
 */
function remote({ dataset, form }) {
  const whole = "with" in dataset || "whole" in dataset;
  const answers = new Map(), found = new Set(); // values by words, and all of them
  const ask = async (query, callback) => {
    const address = new URL(dataset.url, location.href);
    if (dataset.with && !form.elements.namedItem(dataset.with).value) return callback([]); // nobody can be chosen before that is
    address.searchParams.set("q", query);
    if (dataset.with) address.searchParams.set(dataset.with, form.elements.namedItem(dataset.with).value);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const results = answer.ok ? (await answer.json()).results : [];
    answers.set(query, results.map(({ value }) => found.add(String(value)) && String(value)));
    callback(results);
  };
  const score = (query) => ({ value, ...said }) => {
    const answer = answers.get(query), place = answer?.indexOf(String(value)) ?? -1;
    if (place >= 0) return answer.length - place + 1;
    return !(answer && found.has(String(value))) && fits(query, said) ? 1 : 0;
  };
  return { load: (query, callback) => ask(query, callback).catch(() => callback()), score, refreshThrottle: 0, searchField: [], shouldLoad: (query) => query.length > 0 || whole, preload: whole ? "focus" : false };
}

export async function enhance(root) {
  const selects = [...root.querySelectorAll("select[data-select]:not(.tomselected)")]
    .filter((select) => select.dataset.url || select.multiple || select.options.length > SHORT);
  if (!selects.length) return;
  const TomSelect = await load();
  for (const select of selects) {
    select.setAttribute("aria-hidden", "true"); // the library puts a labelled combobox in its place
    const wrong = document.querySelector("main .is-invalid");
    const wants = wrong ? wrong === select : select.hasAttribute("autofocus");
    const made = new TomSelect(select, {
      valueField: "value", labelField: "text", searchField: ["text", "detail"],
      maxOptions: 100, placeholder: select.dataset.placeholder,
      hidePlaceholder: false, // else the first letter typed over a chosen item is swallowed
      render: { option, item, no_results: () => `<div class="no-results">${unanswered(select) ?? phrase("none")}</div>` },
      dropdownParent: select.closest("dialog") ? null : "body", // no pane clips it
      onItemAdd() { if (select.multiple) this.setTextboxValue(""); }, // else the next one is searched for with the words of the last
      onChange: () => select.dispatchEvent(new CustomEvent("chosen", { bubbles: true })),
      ...(select.dataset.url ? remote(select) : {}),
    });
    made.on("dropdown_open", () => open.add(made));
    made.on("dropdown_close", () => open.delete(made));
    select.form?.elements.namedItem(select.dataset.with)?.addEventListener("change", () => { // its choices were those of another one
      made.clearOptions();
      made.wrapper.classList.remove("preloaded");
    });
    if (wants) made.focus();
  }
}
