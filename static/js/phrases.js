// Translated texts for scripts, from components/phrases.html.
const element = document.getElementById("phrases");

/** Return a translated text; `values` fill its %(name)s places. */
export function phrase(name, values = {}) {
  const text = element?.dataset[name] ?? name;
  return text.replace(/%\((\w+)\)s/g, (_, key) => values[key]);
}
