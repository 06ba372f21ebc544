// Mentioning colleagues: "@" at the start of a word in a text of staff offers people, those of the ticket first.
import { insert, suggest } from "./suggest.js";

const { colleagues } = document.getElementById("phrases")?.dataset ?? {};

const kind = {
  label: "mention",
  opens(before, field) {
    if (field.name !== "text") return null; // what else is written has no readers of its own
    const found = before.match(/(?:^|[^\w.@])@([\p{L}\p{N}_.+-]{0,40})$/u);
    return found && { query: found[1], from: before.length - found[1].length - 1 };
  },
  async ask(query, field) {
    const number = field.form.dataset.draft.split("/")[0];
    const visibility = field.form.elements.visibility?.value ?? "";
    const answer = await fetch(`${colleagues}?${new URLSearchParams({ q: query, ticket: number, visibility })}`, { headers: { Accept: "application/json" } });
    return answer.ok && !answer.redirected ? (await answer.json()).results : [];
  },
  choose: (result, field, range) => insert(field, `@${result.value} `, range),
};

if (document.body.hasAttribute("data-staff") && colleagues) suggest(kind);
