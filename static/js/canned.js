// Canned replies: "/" at the start of a word in a long text of staff, or [data-canned], opens those that fit the field.
import { phrase } from "./phrases.js";
import { announce } from "./toasts.js";
import { insert, offer, suggest } from "./suggest.js";

const { replies } = document.getElementById("phrases")?.dataset ?? {};
const staff = document.body.hasAttribute("data-staff") && replies;

function about(field) {
  const form = field.form;
  return { form: form.dataset.draft, field: field.name, visibility: form.elements.visibility?.value ?? "" };
}

const kind = {
  label: "canned",
  opens(before) {
    const found = before.match(/(?:^|[\s，。；：、（(])\/([\p{L}\p{N}_-]{0,40})$/u);
    return found && { query: found[1], from: before.length - found[1].length - 1 };
  },
  async ask(query, field) {
    const answer = await fetch(`${replies}find/?${new URLSearchParams({ q: query, ...about(field) })}`, { headers: { Accept: "application/json" } });
    return answer.ok && !answer.redirected ? (await answer.json()).results : [];
  },
  async choose(result, field, range) {
    const headers = { "X-CSRFToken": document.cookie.match(/csrftoken=([^;]*)/)?.[1] ?? "" };
    const answer = await fetch(`${replies}${result.value}/use/`, { method: "POST", body: new URLSearchParams(about(field)), headers }).catch(() => null);
    if (!answer?.ok || answer.redirected) return announce(phrase("failed"));
    insert(field, (await answer.json()).text, range);
  },
};

if (staff) {
  suggest(kind);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-canned]");
    const field = button?.closest("form")?.querySelector("textarea");
    if (field) offer(kind, field);
  });
}
