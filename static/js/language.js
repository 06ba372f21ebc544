// Another language draws the page anew. What was typed and not sent is put back then, in forms that keep no draft.
const KEY = "typed";
const fields = () => [...document.querySelectorAll("main form[method=post]:not([data-draft])")].flatMap((form, number) =>
  [...form.elements].filter(({ name, type }) => name && !["hidden", "file", "password", "submit"].includes(type))
    .map((field, place) => ({ field, id: `${number} ${place} ${field.name}` })));
const value = (field) => field.type === "checkbox" || field.type === "radio" ? field.checked
  : field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;

function put(field, kept) {
  if (typeof kept === "boolean") field.checked = kept;
  else if (Array.isArray(kept)) for (const option of field.options) option.selected = kept.includes(option.value);
  else field.value = kept;
}

document.addEventListener("submit", ({ target }) => {
  if (!target.matches("form.language")) return;
  const typed = Object.fromEntries(fields().map(({ field, id }) => [id, value(field)]));
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, typed }));
});

const { path, typed } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
sessionStorage.removeItem(KEY);
if (path === location.pathname) for (const { field, id } of fields()) if (id in typed) put(field, typed[id]);
