// Who is writing: shown for as long as the server says, and said to the server while one types. No word of it is sent.
const EVERY_MS = 3000;    // the server lets it fade five seconds after the newest of these
const SPOKEN_MS = 20000;  // a screen reader hears of it at most so often
let writers = new Map();  // position -> the number of the newest line when it was begun
let toldAt = -Infinity;   // when the server was last told that somebody types here
let spokenAt = -Infinity;
let untold = "";          // there is no socket: the next question for news says it, with the key of the form
let heard = 0;            // how much the socket has said of it
let heardBefore = 0;      // and how much when news was asked for: the answer may be older than what came meanwhile

const place = () => document.querySelector("[data-typing]");

/** Let the conversation inside `root` tell of who types in it. `tell` says it over the socket, with the key of the form, and whether there is one. */
export function noticeTyping(root, { tell }) {
  const box = root.querySelector("[data-said]:not([data-tells])");
  if (!place()) { writers = new Map(); untold = ""; return; }
  draw();
  if (!box) return;
  box.dataset.tells = "yes";
  box.addEventListener("input", () => {
    if (!box.value.trim() || performance.now() - toldAt < EVERY_MS) return;
    toldAt = performance.now();
    const key = box.form.elements.namedItem("key").value;  // it may be stored before this is heard
    untold = tell(key) ? "" : key;
  });
}

/** A message was stored: what is typed next is another one, and told at once. */
export function typed() {
  toldAt = -Infinity;
  untold = "";
}

/** What a question for news says besides. */
export function asked() {
  const told = untold ? { typing: untold } : {};
  untold = "";
  heardBefore = heard;
  return told;
}

/** What the socket says of one who writes. */
export function writes({ who, is, after }, spoken) {
  heard += 1;
  const isNew = is && !writers.has(who);
  if (is) writers.set(who, after); else writers.delete(who);
  draw(isNew ? spoken : null);
}

/** What an answer says of all who write; null where nobody is told. */
export function writing(header, spoken) {
  if (heard !== heardBefore) return;
  const now = new Map(header ? JSON.parse(header) : []);
  const isNew = [...now.keys()].some((who) => !writers.has(who));
  writers = now;
  draw(isNew ? spoken : null);
}

/** Lines have come: what they were announced by is over. */
export function written() {
  draw();
}

/** Show it, without what has been written by now; say it, where it is new, and not time and again. */
function draw(spoken = null) {
  const line = place();
  if (!line) return;
  for (const [who, after] of writers) if (newestOf(who) > after) writers.delete(who);
  const names = [...writers.keys()];
  const pattern = names.length > 1 ? line.dataset.several : line.dataset.one;
  const text = names.length ? pattern.replace("{who}", names.join(", ")) : "";
  if (line.textContent === text) return;
  line.textContent = text;
  if (!text || !spoken || performance.now() - spokenAt < SPOKEN_MS) return;
  spokenAt = performance.now();
  spoken(text);
}

function newestOf(who) {
  const theirs = [...document.querySelectorAll("[data-log] .theirs")].filter((one) => one.querySelector(".who").textContent === who);
  return Number(theirs.at(-1)?.dataset.seq || 0);
}
