// A message through the socket. What does not get through goes as its form, under the same key, so that it is said once.
const ANSWER_MS = 4000;
const MOST_CHARACTERS = 16000;  // as they are sent; the server takes a little more in one frame
let waiting = null;  // the message on its way: its key, and what to do with the answer

/** Send the message in `form`; whether it is stored. False: the form is to be sent. `how` says how the message came about. */
export async function say(root, form, how, socket) {
  const box = form.querySelector("[data-said]");
  const talk = root.querySelector("[data-log]")?.dataset.talk;
  const mayGo = box?.value.trim() && talk && navigator.onLine && socket.isOpen() && !form.querySelector(".problems");
  if (!mayGo || JSON.stringify(box.value).length > MOST_CHARACTERS) return false;
  const key = form.elements.namedItem("key").value;
  const answer = new Promise((wake) => { waiting = { key, wake }; });
  const limit = setTimeout(giveUp, ANSWER_MS);
  socket.say("say", { talk, key, text: box.value, how: Object.fromEntries(how) });
  const isStored = await answer;
  clearTimeout(limit);
  return isStored;
}

/** What the server says of a message. */
export function answered({ stored, form }) {
  if (waiting?.key === (stored ?? form)) settle(Boolean(stored));
}

/** There will be no answer. */
export function giveUp() {
  settle(false);
}

function settle(isStored) {
  waiting?.wake(isStored);
  waiting = null;
}

/** Free the box for the next message. */
export function next(form) {
  empty(form);
  form.querySelector("[data-said]").focus();
}

/** Take out a message that was stored: what comes next has a key of its own. */
export function empty(form) {
  const box = form.querySelector("[data-said]");
  box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  form.elements.namedItem("key").value = newKey();
}

/** A random UUID; the browser has one ready only over https. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
