// The participant's page: sends forms, asks for news, and shows the page that the server says is current.
// Everything here is comfort. Without it the same forms and links work, one load at a time.
import { count } from "./countdown.js";
import { calculate } from "./calculator.js";
import { clock } from "./times.js";
import { furnish } from "./fields.js";
import { forget, keep, pageOf, restore } from "./drafts.js";
import { flash, offerSound, ring } from "./attention.js";
import { listen } from "./socket.js";
import { openPast } from "./past.js";
import { answered, empty, giveUp, next, say } from "./saying.js";
import { asked, noticeTyping, typed, writes, writing, written } from "./typing.js";
import { add, carry, follow, isAnotherTalk, isSaid, join, measured, ownNewest, read, stored } from "./talk.js";

const words = document.getElementById("words").dataset;
const REQUEST_MS = 15000;
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 8000;
let sending = false;   // a double click, or a poll that was on its way, must not undo the answer to a form
let polling = null;    // the poll under way
let isAsked = false;   // news came while something was under way: its answer may be older than the news
let shown = 0;         // grows with every page shown
let timer = 0;
let turnsAt = Infinity;  // between two visits: when the next can be begun, or no more
let isTroubled = false;

const page = () => document.getElementById("page");
/** Nothing more will come: an exit has been reached, and whatever the study has to say has been said. */
const isOver = ({ over, awaits }) => over === "yes" && awaits !== "yes";
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Wait for `ms`, or only until the browser is online again. */
function rest(ms) {
  return new Promise((wake) => {
    const done = () => { clearTimeout(clock); removeEventListener("online", done); wake(); };
    const clock = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

const backoff = (attempt) => Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2);

function speak(text) {
  document.getElementById("spoken").textContent = text;
}

/** Say something on the page and to screen readers; `trouble` stays until it is over. */
function tell(text, trouble = false) {
  const note = document.getElementById("note");
  isTroubled = trouble;
  note.classList.toggle("lasting", trouble);
  if (note.textContent !== text) {
    note.textContent = text;
    speak(text);
  }
}

/** Show the page in `html`. `isOwn`: it answers what this person just sent; what was not stored stays in the form. */
function show(html, isOwn, isStored = true) {
  const next = new DOMParser().parseFromString(html, "text/html").getElementById("page");
  if (!next) { location.reload(); return; }
  const old = page();
  carry(old, next);
  const isSame = old.dataset.identity === next.dataset.identity && !isAnotherTalk(old, next);
  shown += 1;
  if ((isOwn && isStored) || pageOf(old.dataset.rev) !== pageOf(next.dataset.rev)) forget(old.dataset.rev);
  const form = old.querySelector("form[data-form]");
  if (isSame && isOwn && !isStored && form) keep(form, next.dataset.rev);
  if (isSame && !isOwn) renew(old, next);
  else {
    old.replaceWith(next);
    begin();
    arrive(old, isSame, isOwn);
  }
  const note = document.getElementById("note").textContent;
  if (note) speak(note);
  else if (!isSame) speak("");
}

/** A number on this page changed: put in what differs, and leave alone the form and whatever has the focus. */
function renew(old, next) {
  const main = old.querySelector("main");
  const fresh = next.querySelector("main");
  const other = fresh.querySelector("form[data-form]");
  let form = main.querySelector("form[data-form]");
  if (form && !other) {
    form.remove();
    form = null;
  } else if (form) {
    const isSent = form.dataset.sent === "yes";  // it keeps the key under which it may be stored already
    for (const name of [...(isSent ? [] : ["key"]), "rev", "csrfmiddlewaretoken"]) form.elements.namedItem(name).value = other.elements.namedItem(name).value;
    offerEnd(form, other);
    other.replaceWith(document.createElement("form"));
  }
  patch(main, fresh, form);
  old.querySelector(".strip")?.remove();
  const strip = next.querySelector(".strip");
  if (strip) old.prepend(strip);
  delete old.dataset.drawn;
  Object.assign(old.dataset, next.dataset);
  if (form?.dataset.sent === "yes") keep(form, old.dataset.rev, form.elements.namedItem("key").value, Number(form.dataset.after || 0));
  else if (form) keep(form, old.dataset.rev);
  begin();
}

/** What may be ended now gets its button, without a word and without moving anything else. */
function offerEnd(form, other) {
  const fresh = other.querySelector("[data-finish]");
  if (fresh && !form.querySelector("[data-finish]")) form.querySelector(".buttons .primary").after(fresh);
}

/** Nothing is typed into a message that is on its way: it would be lost when the message is stored. */
function hold(form, isHeld) {
  for (const box of form.querySelectorAll("[data-said]")) box.readOnly = isHeld;
}

function patch(main, fresh, form) {
  const before = [...main.children];
  const after = [...fresh.children];
  const isShaped = before.length === after.length && before.every((one, index) => one.tagName === after[index].tagName);
  if (isShaped) {
    before.forEach((one, index) => {
      const isKept = one === form || one.hasAttribute("data-keep") || join(one, after[index]) || one.outerHTML === after[index].outerHTML;
      if (!isKept) one.replaceWith(after[index]);
    });
    return;
  }
  for (const one of before) if (one !== form) one.remove();
  let isPast = !form;  // the form itself never moves: moving it would take the focus away
  for (const one of after) {
    if (form && one.tagName === "FORM") isPast = true;
    else if (isPast) main.append(one);
    else form.before(one);
  }
}

/** Lead eyes and screen readers to what is new. */
function arrive(old, isSame, isOwn) {
  const problems = document.getElementById("problems");
  if (problems && isOwn) { problems.focus(); return; }
  if (isSame && document.querySelector("#main textarea")) { document.querySelector("#main textarea").focus(); return; }
  const heading = document.getElementById("title");
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
  if (isOwn || old.dataset.live !== "yes" || !document.querySelector("#main .primary")) return;
  ring();
  flash(heading.textContent);
}

async function send(form, submitter) {
  if (sending) return;
  sending = true;
  const wasAsking = Boolean(polling);
  polling?.abort();
  const body = new URLSearchParams(new FormData(form, submitter));
  form.setAttribute("aria-busy", "true");
  const how = measured(form);
  for (const [name, value] of how) body.set(name, value);
  hold(form, true);
  keep(form, page().dataset.rev, body.get("key"), ownNewest(page()));
  const slow = setTimeout(() => tell(words.sending), 1200);
  if (!submitter?.name && await say(page(), form, how, socket)) {
    clearTimeout(slow);
    isAsked ||= wasAsking;
    said(form);
    return;
  }
  for (let attempt = 0; ; attempt += 1) {
    const answer = await attemptOf(form, body);
    if (answer && answer.status < 500 && answer.status !== 429) {
      clearTimeout(slow);
      await take(form, answer);
      return;
    }
    clearTimeout(slow);
    tell(answer ? words.busy : words.offline, true);
    await rest(answer?.status === 429 ? 1000 * (Number(answer.headers.get("Retry-After")) || 5) : backoff(attempt));
  }
}

async function attemptOf(form, body) {
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST", body, headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(REQUEST_MS), redirect: "error",
    });
    return { status: answer.status, headers: answer.headers, html: await answer.text() };
  } catch {
    return null;
  }
}

/** A message was stored that went through the socket; its line comes by the same way. */
function said(form) {
  release(form);
  next(form);
  stored();
  typed();
  forget(page().dataset.rev);
  if (isTroubled || document.getElementById("note").textContent === words.sending) tell("");
  askAgain();
}

function talked(frame) {
  if (!frame.lines) { answered(frame); return; }
  if (!add(page(), frame)) poll();
  dropSaid();
  written();
}

/** What was on its way when the page was loaded again stands in the log by now: it is not offered a second time. */
function dropSaid() {
  const form = page().querySelector("form[data-form][data-sent]");
  if (sending || !form || !isSaid(page(), form)) return;
  empty(form);
  stored();
  delete form.dataset.sent;
  forget(page().dataset.rev);
}

function release(form) {
  sending = false;
  form.removeAttribute("aria-busy");
  hold(form, false);
}

async function take(form, answer) {
  release(form);
  // what was sent before a reload and is refused as sent twice had been stored
  const isStored = answer.headers.get("X-Outcome") === "stored" || (answer.status === 409 && form.dataset.sent === "yes");
  if (isStored) { stored(); typed(); }
  if ([200, 409, 422].includes(answer.status)) show(answer.html, true, isStored && answer.status !== 422);
  else if (answer.status === 403 || answer.status === 404) location.reload();
  else tell(words.unread, true);
  askAgain();
}

/** Ask whether the page has changed. Also the sign of life that keeps one's place. */
async function poll() {
  if (isOver(page().dataset)) return;
  if (sending || polling) { isAsked = true; return; }
  isAsked = false;
  const before = shown;
  polling = new AbortController();
  const limit = setTimeout(() => polling?.abort(), REQUEST_MS);
  try {
    const { rev, digest } = page().dataset;
    const answer = await fetch(`/s/poll?${new URLSearchParams({ rev, digest, ...read(page()), ...asked() })}`, { headers: { "X-Fragment": "1" }, signal: polling.signal });
    if (answer.status === 403 || answer.status === 404) { location.reload(); return; }
    if (answer.ok && isTroubled && !sending) tell(words.back);
    const html = answer.status === 200 ? await answer.text() : "";
    if (html && before === shown && !sending && page().dataset.still !== "yes") show(html, false);
    if (answer.ok) writing(answer.headers.get("X-Typing"), speak);
  } catch {
    if (!sending && !navigator.onLine) tell(words.offline, true);
  } finally {
    clearTimeout(limit);
    polling = null;
    schedule();
    askAgain();
  }
}

function askAgain() {
  if (isAsked && !sending) poll();
}

function schedule() {
  clearTimeout(timer);
  const { live, kind, pollSeconds } = page().dataset;
  if (isOver(page().dataset)) return;
  // in a waiting room the question itself is the sign of life: only those who give one are seated
  const isOften = kind === "waiting" || (live === "yes" && !socket.isOpen());
  const seconds = isOften ? Number(pollSeconds) || 3 : 25;
  const usual = seconds * 1000 * (0.9 + Math.random() * 0.2);
  const left = turnsAt - performance.now();
  timer = setTimeout(poll, left > 0 ? Math.min(usual, left + 500) : usual);
}

/** When the page between two visits turns into another, by what it says itself. */
function turnOf(visit) {
  const seconds = [visit?.dataset.opensSeconds, visit?.dataset.closesSeconds].map(Number).find((one) => one > 0);
  return seconds ? performance.now() + 1000 * seconds : Infinity;
}

/** After time is up the server closes the step; ask until it has. */
async function timeIsUp() {
  const before = shown;
  speak(words.over);
  for (const ms of [400, 2000, 1500, 3000]) {
    await pause(ms);
    if (before !== shown) return;
    await poll();
  }
}

/** Make a page that was just shown work. */
function begin() {
  const current = page();
  for (const form of current.querySelectorAll("form[data-form]:not([data-ready])")) {
    form.dataset.ready = "yes";
    restore(form, current.dataset.rev);
    form.addEventListener("submit", (event) => { event.preventDefault(); send(form, event.submitter); });
    form.addEventListener("input", () => { delete form.dataset.sent; keep(form, page().dataset.rev); });
  }
  dropSaid();
  follow(current, { words, tell });
  openPast(current, { words, tell });
  noticeTyping(current, { tell: (key) => { if (socket.isOpen()) socket.say("typing", { key }); return socket.isOpen(); } });
  furnish(current, words);
  calculate(current);
  clock(current);
  turnsAt = turnOf(current.querySelector("#visit"));
  offerSound(current, words);
  count(document.getElementById("time"), { speak, words, atZero: timeIsUp });
  if (current.dataset.over === "yes") socket.close();
  else if (current.dataset.live === "yes") socket.open();
  schedule();
}

const socket = listen(document.body.dataset.socket, {
  news: poll, noticed: (said) => writes(said, speak), talked, changed: () => { if (!socket.isOpen()) giveUp(); schedule(); },
});
addEventListener("online", () => { socket.retry(); poll(); });
addEventListener("offline", () => { giveUp(); tell(words.offline, true); });
addEventListener("pageshow", (event) => { if (event.persisted) { socket.retry(); poll(); } });
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { socket.retry(); poll(); } });
begin();
