// A talk: what is new joins the end of what was written, Enter sends, and how a message came about is counted.
// What is counted here is sent with the message, as the browser's word and no more.
import { pageOf } from "./drafts.js";

const NEAR_PX = 80;
const touch = matchMedia("(pointer: coarse)");  // there Enter begins a new line, and only the button sends
let heard = { seq: 0, at: 0 };  // the newest line by somebody else, and since when it is shown
let writing = null;             // the message under way, counted from the line that was the newest at its first key
let isAway = false;
let talk = "";                  // which conversation all this is of: another may follow at once, on a page like it

const lines = (root, who = "") => root.querySelectorAll(`.talk:not(.past) li${who}`);
const numberOf = (line) => Number(line?.dataset.seq || 0);
const isNearEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };

/** Make the talk inside `root` work. `tell` says a sentence on the page. */
export function follow(root, { words, tell }) {
  const log = root.querySelector("[data-log]");
  const here = log ? pageOf(root.dataset.rev) : "";
  if (here !== talk) { talk = here; heard = { seq: 0, at: 0 }; writing = null; }
  if (!log) return;
  hear(log);
  if (!log.dataset.ready) { log.dataset.ready = "yes"; toEnd(log); }
  const box = root.querySelector("[data-said]:not([data-ready])");
  if (!box) return;
  box.dataset.ready = "yes";
  if (!touch.matches) explain(box, words.enter);
  box.addEventListener("keydown", (event) => enter(event, box));
  box.addEventListener("input", count);
  for (const name of ["paste", "drop"]) box.addEventListener(name, (event) => paste(event, box, () => tell(words.pasting)));
}

/** Whether `next` is the page of another conversation than `old`, however alike they look: nothing of one is kept for the other. */
export function isAnotherTalk(old, next) {
  return Boolean(next.querySelector("[data-log]")) && pageOf(old.dataset.rev) !== pageOf(next.dataset.rev);
}

/** Put the lines that are new at the end of the log, and leave the rest alone; false where `old` is no log. */
export function join(old, fresh) {
  const isAtEnd = isNearEnd(old);
  const words = fresh.querySelector("[data-silence]");
  if (!gather(old, fresh)) return false;
  const stood = old.querySelector("[data-silence]");
  if (stood?.outerHTML !== words?.outerHTML) {
    stood?.remove();
    if (words) old.append(words);
    if (isAtEnd) toEnd(old);
  }
  return true;
}

function gather(old, fresh) {
  if (!old.hasAttribute("data-log") || !fresh.hasAttribute("data-log")) return false;
  const come = [...lines(fresh)];
  if (come.some((line) => !numberOf(line))) return false;
  const isAtEnd = isNearEnd(old);
  const last = numberOf([...lines(old)].at(-1));
  const drawn = come.filter((line) => numberOf(line) > last);
  old.querySelector(".talk").append(...drawn);
  speakAgain(old, drawn.map((line) => line.classList.contains("theirs")));
  if (isAtEnd) toEnd(old);
  return true;
}

/** Lines have come: that no answer has is not so any more, where one of them is somebody else's; nor that nobody has begun. */
function speakAgain(log, areTheirs) {
  const words = log.querySelector("[data-silence]");
  if (words && areTheirs.some((isTheirs) => isTheirs || words.dataset.silence === "beginning")) words.remove();
}

/** What a question for news says of the lines that stand on the page: then it need not be sent again for their sake. */
export function read(root) {
  const { drawn } = root.dataset;
  return drawn ? { drawn, read: numberOf([...lines(root)].at(-1)) } : {};
}

/** Let lines that came over the socket after `next` was drawn stand in it, too. */
export function carry(old, next) {
  const [from, to] = [old, next].map((one) => one.querySelector("[data-log][data-talk]"));
  if (from && to && from.dataset.talk === to.dataset.talk) gather(to, from.cloneNode(true));
}

/** Put lines that came over the socket at the end of the log inside `root`; false where they do not follow on what stands there. */
export function add(root, { talk, lines: come }) {
  const log = root.querySelector("[data-log]");
  if (!log || log.dataset.talk !== talk) return false;
  const there = [...lines(log)];
  if (there.some((line) => !numberOf(line))) return false;
  const isAtEnd = isNearEnd(log);
  const last = numberOf(there.at(-1));
  const fresh = come.filter(({ seq }) => seq > last);
  const drawn = fresh.filter(({ seq }, index) => seq === last + 1 + index);
  log.querySelector(".talk").append(...drawn.map((line) => draw(line, log.dataset.you)));
  speakAgain(log, drawn.map(({ who }) => Boolean(who)));
  if (isAtEnd || drawn.some(({ who }) => !who)) toEnd(log);
  hear(log);
  return drawn.length === fresh.length;
}

/** A line as the server's page has it. */
function draw({ seq, who, text }, you) {
  const line = document.createElement("li");
  line.className = who ? "theirs" : "mine";
  line.dataset.seq = seq;
  const writer = Object.assign(document.createElement("span"), { className: "who", textContent: who || you });
  line.append(writer, Object.assign(document.createElement("p"), { className: "said", textContent: text }));
  return line;
}

/** What is known of the message in `form`, by the names under which it is sent; nothing where no message is written. */
export function measured(form) {
  if (!form.querySelector("[data-said]")) return [];
  const now = performance.now();
  const made = writing ?? { ...begun(), firstKey: null };
  const facts = {
    answers: made.seq, first_key_ms: made.firstKey, sent_ms: Math.round(now - made.at),
    edits: made.edits, pastes: made.pastes, blurs: made.blurs,
  };
  return Object.entries(facts).filter(([, value]) => value !== null);
}

/** The message was stored: what follows is another one. */
export function stored() {
  writing = null;
}

/** The number of the newest line of one's own. */
export function ownNewest(root) {
  return numberOf([...lines(root, ".mine")].at(-1));
}

/** Whether what stands in `form`, and was on its way, has come: a line of one's own says it that was not there when it was sent. */
export function isSaid(root, form) {
  const box = form.querySelector("[data-said]");
  const own = [...lines(root, ".mine")].at(-1);
  const isNew = !numberOf(own) || numberOf(own) > Number(form.dataset.after || 0);
  return Boolean(box && own && isNew && box.value.trim() && own.querySelector(".said")?.textContent === box.value.trim());
}

function hear(log) {
  const seq = numberOf([...lines(log, ".theirs")].at(-1));
  if (seq > heard.seq || !heard.at) heard = { seq, at: performance.now() };
}

function begun() {
  return { seq: heard.seq, at: heard.at, edits: 0, pastes: 0, blurs: 0, firstKey: Math.round(performance.now() - heard.at) };
}

function enter(event, box) {
  const isPlain = !(event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || event.isComposing);
  if (event.key !== "Enter" || !isPlain || touch.matches) return;
  event.preventDefault();
  if (box.value.trim() && !box.readOnly) box.form.requestSubmit(box.form.querySelector(".primary"));
}

function count(event) {
  writing ??= begun();
  if (/^(delete|history)/.test(event.inputType || "")) writing.edits += 1;
}

function paste(event, box, refuse) {
  if (box.dataset.pastes === "allowed") return;
  writing ??= begun();
  writing.pastes += 1;
  if (box.dataset.pastes !== "blocked") return;
  event.preventDefault();
  refuse();
}

function explain(box, text) {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.id = `${box.id}-enter`;
  hint.textContent = text;
  box.after(hint);
  box.setAttribute("aria-describedby", `${box.getAttribute("aria-describedby") || ""} ${hint.id}`.trim());
}

function leave() {
  if (!isAway && writing) writing.blurs += 1;
  isAway = true;
}

addEventListener("blur", leave);
addEventListener("focus", () => { isAway = false; });
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else isAway = false; });
