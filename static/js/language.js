// Another language draws the page anew. What was typed and not sent is put back then, in forms that keep no draft: the fields
// that somebody altered, and all of a page that answered what was sent. With them goes what says which version of a row
// the form was opened with, else a save would overwrite unseen what somebody else saved meanwhile.
const KEY = "typed", MARKS = ["edits", "known", "mark", "read", "seen", "version"];
const altered = new WeakSet();

const keeps = ({ name, type }) => name && !["file", "password", "submit", "button"].includes(type) && (type !== "hidden" || MARKS.includes(name));
const isChoice = ({ type }) => type === "checkbox" || type === "radio";

/** All fields that can be put back, each with an id that does not ask where its form stands on the page. */
function fields() {
  const seen = {};
  const apart = (id) => `${id} ${seen[id] = (seen[id] ?? 0) + 1}`;
  return [...document.querySelectorAll("main form[method=post]:not([data-draft])")].map((form) => {
    const kept = [...form.elements].filter(keeps);
    const names = new Set(kept.map(({ name }) => name));
    const id = apart(`${form.getAttribute("action") ?? ""} ${[...names].sort()}`);
    return kept.map((field) => ({ field, id: apart(`${id} ${field.name} ${isChoice(field) ? field.value : ""}`) }));
  });
}

const value = (field) => isChoice(field) ? field.checked
  : field.options ? [...field.selectedOptions].map(({ value, text }) => ({ value, text })) : field.value;

const plain = (kept) => JSON.stringify(Array.isArray(kept) ? kept.map((option) => option.value) : kept); // options are named in a language

function put(field, kept) {
  if (plain(value(field)) === plain(kept)) return;
  altered.add(field); // it differs from what the page brought, also when the language is changed once more
  for (let around = field; (around = around.parentElement?.closest("details"));) around.open = true;
  if (isChoice(field)) field.checked = kept;
  else if (field.options) choose(field, kept);
  else field.value = kept;
}

/** What the server found while somebody typed is no option of the page yet. */
function choose(select, chosen) {
  const offered = new Set([...select.options].map((option) => option.value));
  if (select.dataset.url) select.append(...chosen.filter((one) => !offered.has(one.value)).map((one) => new Option(one.text, one.value)));
  for (const option of select.options) option.selected = chosen.some((one) => one.value === option.value);
}

for (const typed of ["input", "change", "chosen"]) document.addEventListener(typed, ({ target }) => altered.add(target), true);

document.addEventListener("submit", ({ target }) => {
  if (!target.matches("form.language")) return;
  const all = "answers" in document.body.dataset;
  const kept = fields().filter((form) => all || form.some(({ field }) => altered.has(field)))
    .flatMap((form) => form.filter(({ field }) => all || altered.has(field) || field.type === "hidden"));
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, typed: Object.fromEntries(kept.map(({ field, id }) => [id, value(field)])) }));
});

const { path, typed } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
sessionStorage.removeItem(KEY);
if (path === location.pathname) for (const { field, id } of fields().flat()) if (id in typed) put(field, typed[id]);
