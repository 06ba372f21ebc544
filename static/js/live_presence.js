// Who else is where: a small eye with initials on lines of lists, names at the head of the open ticket ([data-presence]).
import { phrase } from "./phrases.js";
import { announce } from "./toasts.js";

const SHOWN = 3;
const me = Number(document.body.dataset.person);
let people = {};
let said = "";

/** Take in what a message says about people, if it does. */
export function learn({ present, presence }) {
  if (present) people = present;
  else if (presence) Object.assign(people, presence);
  else return;
  draw();
}

const others = (number) => (people[number] ?? []).filter((person) => person.u !== me);
const sentence = (person) => phrase(person.w ? "writes" : "views", { name: person.n });

function mark(there) {
  const found = document.getElementById("live-parts").content.querySelector(".seen").cloneNode(true);
  const writes = there.some((person) => person.w);
  found.querySelector(writes ? ".reads" : ".writes").remove();
  found.classList.toggle("writing", writes);
  found.querySelector("b").textContent = there.slice(0, SHOWN).map((person) => person.i).join(" ") + (there.length > SHOWN ? " +" : "");
  found.title = there.map(sentence).join("\n");
  found.querySelector(".visually-hidden").textContent = there.map(sentence).join(", ");
  return found;
}

function drawLine(line, there) {
  const key = JSON.stringify(there);
  const old = line.querySelector(".seen");
  if ((old?.dataset.key ?? "[]") === key) return;
  old?.remove();
  if (!there.length) return;
  const made = mark(there);
  made.dataset.key = key;
  (line.querySelector(".who") ?? line.cells?.[line.cells.length - 1] ?? line).append(made);
}

function drawHead(slot, there) {
  const text = there.map(sentence).join(" · ");
  if (slot.dataset.text === text) return;
  slot.dataset.text = text;
  slot.replaceChildren(...there.map((person) => {
    const one = document.getElementById("live-parts").content.querySelector(".with").cloneNode(true);
    one.querySelector(person.w ? ".reads" : ".writes").remove();
    one.classList.toggle("writing", person.w);
    one.querySelector("span").textContent = one.title = sentence(person);
    return one;
  }));
  const who = there.map((person) => person.u).join();
  if (there.length && said !== who) announce(text);
  said = who;
}

document.addEventListener("live:lines", () => draw());

/** Draw what is known; for lists and tickets that were just brought in. */
export function draw() {
  for (const line of document.querySelectorAll("#list :is(li,tr)[id]")) drawLine(line, others(line.id));
  const ticket = document.querySelector("[data-ticket]");
  const slot = ticket?.querySelector("[data-presence]");
  if (slot) drawHead(slot, others(ticket.dataset.ticket));
}
