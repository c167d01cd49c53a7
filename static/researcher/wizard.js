// Keeps what a seat's page shows fresh, and with it the place behind the seat. What is being typed is never touched.
const EVERY_MS = 2000;
const SLOWEST_MS = 10000;
const live = document.getElementById("live");
const words = document.getElementById("words");
const begins = document.getElementById("begins");
let wait = EVERY_MS;

function bare(part) {
  const copy = part.cloneNode(true);
  for (const left of copy.querySelectorAll("[data-left]")) left.textContent = "";
  return copy.innerHTML.trim();
}

function draw(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  if (bare(fresh) !== bare(live)) {
    live.replaceChildren(...fresh.childNodes);
    return;
  }
  const left = fresh.querySelector("[data-left]");
  if (left) live.querySelector("[data-left]").textContent = left.textContent;
}

async function refresh() {
  try {
    const answer = await fetch(live.dataset.source, { headers: { "X-Fragment": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    draw(await answer.text());
    wait = EVERY_MS;
  } catch {
    wait = Math.min(wait * 2, SLOWEST_MS);
  }
  setTimeout(refresh, wait);
}

live.addEventListener("click", (event) => {
  const edit = event.target.closest("[data-edit]");
  if (!edit) return;
  event.preventDefault();
  words.value = live.querySelector("#draft").innerText;
  begins.value = edit.dataset.edit;
  words.focus();
});

setTimeout(refresh, wait);
