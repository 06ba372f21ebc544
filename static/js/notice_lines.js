// Who was told what, as quiet lines among those of a ticket's timeline. Fetched when asked for; the choice is remembered.
import { announce } from "./toasts.js";

const KEY = "notice-lines";
const moment = (line) => Date.parse(line.querySelector("time")?.dateTime ?? "");

function merge(list, lines) {
  const known = [...list.children].filter((line) => !line.matches("[data-notice-line]"));
  for (const line of lines) {
    const after = known.find((other) => moment(other) > moment(line));
    if (after) after.before(line); else list.append(line);
  }
}

async function show(button) {
  const answer = await fetch(button.dataset.noticeLines, { headers: { "X-By-Itself": "1" } }).catch(() => null);
  const list = document.querySelector("[data-timeline]");
  if (!answer?.ok || answer.redirected || !button.isConnected || !list) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const lines = [...page.querySelectorAll("[data-notice-line]")].reverse();
  hide();
  merge(list, lines);
}

const hide = () => document.querySelectorAll("[data-timeline] [data-notice-line]").forEach((line) => line.remove());

function set(button, on) {
  button.setAttribute("aria-pressed", String(on));
  if (on) show(button); else hide();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-notice-lines]");
  if (!button) return;
  const on = button.getAttribute("aria-pressed") !== "true";
  localStorage.setItem(KEY, on ? "1" : "");
  set(button, on);
  announce(button.textContent.trim());
});

const restore = () => {
  const button = document.querySelector("[data-notice-lines][aria-pressed=false]");
  if (button && localStorage.getItem(KEY)) set(button, true);
};
document.addEventListener("htmx:load", restore);
restore();
