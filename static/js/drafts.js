// Nothing typed is lost. Every open form[data-draft=KEY] has a draft of its own, which is saved on the server as it is typed, and kept in this browser until the server
// has it: when it cannot be reached, or the session ended. After signing in, the same person's texts go to the server and come
// back into their forms, drawn by it. [data-draft-state] says what became of the text, [data-draft-for=KEY] that one waits.
import { newId } from "./ids.js";
import { phrase } from "./phrases.js";
import { announce } from "./toasts.js";

const WAIT = 800, RETRY = 15000, LARGEST_KEEPALIVE = 60000, ANSWERS_WITHIN = 400, SENT_WITHIN = 60000;
const person = document.body.dataset.person;
const address = document.getElementById("phrases")?.dataset.drafts;
const prefix = `draft:${person}:`;
const timers = new Map(); // what waits to be saved, by key
const saving = new Map(); // requests under way
const sending = new Set(); // keys of forms that were just sent
const accepted = new WeakSet(); // forms that are done with: a field that loses focus while its form goes still says "change"
const untouched = new WeakMap(); // what a form held before anybody typed
const memory = new Map(); // for browsers that store nothing
const known = new Map(); // the time of the draft that a form shows or has saved, by key: what others wrote is not overwritten
const born = [performance.timeOrigin, Math.random()]; // of two tabs with the same draft the older one keeps it
const channel = "BroadcastChannel" in window ? new BroadcastChannel(`drafts:${person}`) : null;

const box = {
  get(key) { try { return localStorage.getItem(prefix + key) ?? memory.get(key); } catch { return memory.get(key); } },
  set(key, text) { memory.set(key, text); try { localStorage.setItem(prefix + key, text); } catch { /* memory has it */ } },
  drop(key) { memory.delete(key); try { localStorage.removeItem(prefix + key); } catch { /* never was there */ } },
  keys() { try { return Object.keys(localStorage).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)); } catch { return [...memory.keys()]; } },
};
const cookie = (name) => document.cookie.match(`(?:^|; )(?:__Host-)?${name}=([^;]*)`)?.[1] ?? "";
const nameOf = (key) => key.split("#")[0]; // the form; behind # stands which drawing of it
const idOf = (key) => key.split("#")[1] ?? "";
const formOf = (key) => document.querySelector(`form[data-draft="${CSS.escape(key)}"]`);

/** Which drafts this tab holds, by the name of the form: a reload shows the same ones again. */
const own = {
  read() { try { return JSON.parse(sessionStorage.getItem(`${prefix}own`) ?? "{}"); } catch { return {}; } },
  write(held) { try { sessionStorage.setItem(`${prefix}own`, JSON.stringify(held)); } catch { /* then the newest is shown */ } },
  hold(key) { own.write({ ...own.read(), [nameOf(key)]: idOf(key) }); },
  drop(key) {
    const held = own.read();
    if (held[nameOf(key)] !== idOf(key)) return;
    delete held[nameOf(key)];
    own.write(held);
  },
};
export const ownDrafts = () => Object.values(own.read()).slice(-30).join(" ");

function withDraft(address, id) {
  const url = new URL(address, location.href);
  url.searchParams.delete("draft");
  if (id) url.searchParams.set("draft", id);
  return url.pathname + url.search + (id === "new" ? "" : url.hash);
}

const thisTab = (() => {
  try { return (sessionStorage[`${prefix}tab`] ??= newId()); } catch { return newId(); }
})();

/** Another tab has just sent it: its answer is on the way, and says whether it is done with. */
const isBeingSent = ({ sent, tab }) => sent && tab !== thisTab && Date.now() - sent < SENT_WITHIN;

/** Whether an older tab of this browser shows a form with this draft. */
function isHeldElsewhere(key) {
  if (!channel) return Promise.resolve(false);
  return new Promise((done) => {
    const tab = Math.random();
    const hear = ({ data }) => { if (data.held === key && data.to === tab) end(true); };
    const end = (held) => { channel.removeEventListener("message", hear); done(held); };
    channel.addEventListener("message", hear);
    channel.postMessage({ asks: key, born, tab });
    setTimeout(() => end(false), ANSWERS_WITHIN);
  });
}

/** Give a form another id: from now on it has a draft of its own. */
function rename(form, id = newId()) {
  const before = form.dataset.draft;
  const key = form.dataset.draft = `${nameOf(before)}#${id}`;
  form.elements.form_id.value = id;
  const discard = form.querySelector("[data-draft-discard]");
  const address = new URL(discard.getAttribute("hx-post"), location.href);
  address.searchParams.set("discard", key);
  discard.setAttribute("hx-post", address.pathname + address.search);
  known.set(key, "");
  return key;
}

/** A form that shows what an older tab holds starts anew: two open forms never share a draft. */
function startAnew(form) {
  const panel = form.closest("#action-panel");
  const url = withDraft(form.getAttribute("hx-post") ?? location.href, "new");
  if (!form.hasAttribute("hx-post")) location.replace(url);
  else if (panel) window.htmx.ajax("GET", url, { target: "#action-panel", swap: "innerHTML" });
  else if (form.matches(".inline-form")) window.htmx.ajax("GET", url, { target: form, swap: "outerHTML" });
  else {
    const key = rename(form);
    for (const field of textsOf(form)) field.value = "";
    tell(key, "", false);
    untouched.set(form, JSON.stringify(fieldsOf(form)));
  }
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    const secret = name === "csrfmiddlewaretoken" || name === "form_id" || name.startsWith("take-") || form.elements[name]?.type === "password";
    if (typeof value === "string" && !secret) (fields[name] ??= []).push(value);
  }
  return fields;
}

const textsOf = (form) => [...form.querySelectorAll("textarea,input[type=text],input:not([type])")].filter((field) => field.name);

function isEmpty(form, fields) {
  const texts = textsOf(form);
  return JSON.stringify(fields) === untouched.get(form) || (texts.length > 0 && texts.every((field) => !field.value.trim()));
}

function tell(key, text, waits) {
  const form = formOf(key);
  const state = form?.querySelector("[data-draft-state]");
  if (state && state.textContent !== text) state.textContent = text;
  const discard = form?.querySelector("[data-draft-discard]");
  if (discard) discard.hidden = !waits;
  for (const button of document.querySelectorAll(`[data-draft-for="${CSS.escape(nameOf(key))}"]`)) {
    button.classList.toggle("has-draft", waits);
    button.title = waits ? button.dataset.draftHint : button.dataset.key?.toUpperCase() ?? "";
  }
}

function worry(key, name) {
  const text = phrase(name);
  if (formOf(key)?.querySelector("[data-draft-state]")?.textContent !== text) announce(text);
  tell(key, text, true);
}

async function post(key) {
  const text = box.get(key);
  if (!text) return false;
  const seen = known.has(key) ? { seen: known.get(key) } : {};
  const { title, url, texts, fields } = JSON.parse(text);
  const body = new URLSearchParams({ person, key, ...seen, title, url, texts, fields }).toString();
  const headers = { "X-CSRFToken": cookie("csrftoken"), "Content-Type": "application/x-www-form-urlencoded" };
  const answer = await fetch(address, { method: "POST", body, headers, redirect: "manual", keepalive: body.length < LARGEST_KEEPALIVE }).catch(() => null);
  if (answer?.status === 412 && formOf(key)?.ariaBusy === "true") return box.drop(key); // what was typed is on its way as itself
  if (answer?.status === 412 && formOf(key)) return part(key, text);
  if (!answer?.ok) {
    const why = !answer || answer.status >= 500 ? "draftLocal" : { 409: "draftOther", 413: "draftLarge" }[answer.status] ?? "draftOut";
    if (why === "draftLocal") later(key, RETRY);
    worry(key, why);
    return false;
  }
  const { at, seen: stored } = await answer.json();
  known.set(key, stored);
  if (at) own.hold(key);
  else own.drop(key);
  if (box.get(key) === text) box.drop(key);
  tell(key, at ? phrase("draftSaved", { time: at }) : "", Boolean(at));
  return true;
}

/** Another machine wrote into the same draft since: both texts are kept, each in a draft of its own. */
function part(key, text) {
  const mine = rename(formOf(key));
  box.set(mine, text);
  box.drop(key);
  return save(mine);
}

/** Send what is kept under `key` to the server; one request after the other, each knowing what the one before has stored. */
async function save(key) {
  clearTimeout(timers.get(key));
  timers.delete(key);
  const request = (saving.get(key) ?? Promise.resolve()).then(() => post(key), () => post(key));
  saving.set(key, request);
  try { return await request; } finally { if (saving.get(key) === request) saving.delete(key); }
}

function later(key, wait = WAIT) {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => save(key), wait));
}

function note(form, sent = 0) {
  if (accepted.has(form)) return;
  const { draft: key, draftTitle: title, draftUrl: url } = form.dataset;
  const fields = fieldsOf(form);
  const texts = textsOf(form).map((field) => field.name).join(" ");
  box.set(key, JSON.stringify({ title, url, texts, fields: JSON.stringify(isEmpty(form, fields) ? {} : fields), sent, tab: thisTab }));
  if (!sending.has(key)) later(key);
}

/** Forget the copies of forms that the server has dealt with. */
function settle() {
  const done = cookie("drafts_done");
  if (!done) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `drafts_done=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  drop(decodeURIComponent(done));
}

function drop(key) {
  clearTimeout(timers.get(key));
  timers.delete(key);
  box.drop(key);
  own.drop(key);
  tell(key, formOf(key)?.querySelector("[data-draft-state]")?.textContent ?? "", formOf(key)?.hasAttribute("data-draft-restored") ?? false);
}

/** After a crash or a new sign-in: hand over what this browser kept, then let the server draw it. */
async function recover() {
  let comesBack = "";
  for (const key of box.keys().filter((name) => !timers.has(name))) {
    const kept = box.get(key);
    if (isBeingSent(JSON.parse(kept)) || (await isHeldElsewhere(key))) continue; // another tab is at it
    known.delete(key); // it was typed in this browser: nobody else's text is overwritten
    const form = formOf(key) ?? document.querySelector(`form[data-draft^="${CSS.escape(`${nameOf(key)}#`)}"]`);
    const differs = form && !timers.has(form.dataset.draft) && JSON.stringify(fieldsOf(form)) !== JSON.parse(kept).fields;
    if ((await save(key)) && differs && JSON.parse(kept).fields !== "{}" && !timers.has(form.dataset.draft)) comesBack = idOf(key);
  }
  if (comesBack) location.replace(withDraft(location.href, comesBack));
}

/** After a reload the tab sees its own draft again, not the newest one. */
function backToOwn() {
  const asked = new URL(location.href).searchParams.get("draft");
  if (asked) history.replaceState(history.state, "", withDraft(location.href, ""));
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const held = own.read()[nameOf(form.dataset.draft)];
    if (!held || held === idOf(form.dataset.draft)) continue;
    if (asked !== held) return location.replace(withDraft(location.href, held));
    own.drop(`${nameOf(form.dataset.draft)}#${held}`); // it is gone: sent or discarded elsewhere
  }
}

export function enhance(root) {
  const forms = [...root.querySelectorAll("form[data-draft]")];
  if (root.matches?.("form[data-draft]")) forms.push(root);
  for (const form of forms) {
    const key = form.dataset.draft;
    const seen = form.querySelector("[data-seen]")?.dataset.seen ?? "";
    if (!known.has(key) || seen > known.get(key)) known.set(key, seen); // what is drawn may be older than what was saved since
    if (!form.matches("[data-draft-restored]")) untouched.set(form, JSON.stringify(fieldsOf(form)));
    else isHeldElsewhere(key).then((held) => { if (held && form.isConnected && form.dataset.draft === key && !timers.has(key)) startAnew(form); });
  }
}

if (person && address) {
  for (const typed of ["input", "change", "chosen"]) document.addEventListener(typed, (event) => {
    const form = event.target.closest?.("form[data-draft]") ?? event.target.form;
    if (form?.matches("[data-draft]") && event.target.type !== "file") note(form);
  });

  const flush = () => [...timers.keys()].forEach(save);
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
  addEventListener("online", flush);
  document.addEventListener("htmx:beforeRequest", flush); // its answer may draw the form anew

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const key = form.dataset.draft ?? form.dataset.draftsFirst;
    const token = form.elements.csrfmiddlewaretoken;
    if (token && cookie("csrftoken")) token.value = cookie("csrftoken"); // somebody may have signed in anew in another tab
    if (!key) return;
    const moves = form.matches("[data-drafts-first]:not([data-drafts-drop])");
    const first = [...saving.values(), ...(moves ? [...timers.keys()].map(save) : [])];
    if (first.length) { // a draft that arrives after its form was sent would come back to life
      event.preventDefault();
      event.stopImmediatePropagation();
      Promise.race([Promise.allSettled(first), new Promise((done) => { setTimeout(done, 3000); })]).then(() => { saving.clear(); form.requestSubmit(event.submitter); });
      return;
    }
    if (form.matches("[data-drafts-drop]")) return drop(key);
    if (form.matches("[data-draft]")) {
      note(form, Date.now());
      clearTimeout(timers.get(key));
      timers.delete(key);
      sending.add(key);
    }
  }, true);

  document.addEventListener("htmx:confirm", (event) => {
    const discard = event.detail.elt;
    if (!discard.matches("[data-draft-discard]")) return;
    event.preventDefault();
    const key = discard.closest("form").dataset.draft;
    sending.add(key); // nothing more of it is saved
    drop(key);
    Promise.allSettled([...saving.values()]).then(() => event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (cookie("csrftoken")) event.detail.headers["X-CSRFToken"] = cookie("csrftoken");
    event.detail.headers["X-Drafts"] = ownDrafts();
    if (event.detail.elt.matches("[data-draft-discard]")) event.detail.path = event.detail.elt.getAttribute("hx-post");
  });
  channel?.addEventListener("message", ({ data }) => {
    const older = data.born && (born[0] < data.born[0] || (born[0] === data.born[0] && born[1] < data.born[1]));
    if (data.asks && older && formOf(data.asks)) channel.postMessage({ held: data.asks, to: data.tab });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    settle();
    const { elt, xhr, successful } = event.detail;
    const key = elt.dataset?.draft;
    if (successful && !xhr.getResponseHeader("HX-Redirect")) accepted.add(elt);
    if (!sending.delete(key) || !box.get(key) || xhr.getResponseHeader("HX-Redirect")) return;
    later(key);
  });

  // Files are no part of a draft: whoever leaves with chosen ones is asked.
  addEventListener("beforeunload", (event) => {
    const chosen = [...document.querySelectorAll("form[data-draft] input[type=file]")].some((input) => input.files.length && !sending.has(input.form.dataset.draft));
    if (chosen) event.preventDefault();
  });

  settle();
  enhance(document);
  backToOwn();
  recover();
}
