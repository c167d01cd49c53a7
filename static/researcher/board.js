// Keeps the board fresh. Everything is written as text, so that no value can become markup.
const EVERY_MS = 3000;
const SLOWEST_MS = 30000;
const freshness = document.getElementById("freshness");
let wait = EVERY_MS;

function cell(value) {
  const made = document.createElement("td");
  made.textContent = value === null ? "" : String(value);
  if (typeof value === "number") made.className = "number";
  return made;
}

function rows(body, found) {
  const columns = body.dataset.columns.split(" ");
  body.replaceChildren(...found.map((one) => {
    const row = document.createElement("tr");
    row.append(...columns.map((column) => cell(one[column])));
    return row;
  }));
}

function draw(board) {
  for (const one of board.funnel) {
    const shown = document.querySelector(`[data-tally="funnel"] [data-name="${CSS.escape(one.name)}"]`);
    if (shown) shown.textContent = String(one.people);
  }
  for (const body of document.querySelectorAll("[data-rows]")) rows(body, board[body.dataset.rows]);
  const notes = ["failed", "reports", "reminders", "at_risk", "requests", "overdue", "safety", "budget", "drifted", "software"];
  for (const name of notes) {
    const note = document.getElementById(name);
    if (!note) continue;
    note.textContent = board[name] ? `${note.dataset.text} ${board[name]}` : "";
  }
  freshness.textContent = `${freshness.dataset.fresh} ${board.at.slice(11, 19)} UTC`;
}

async function refresh() {
  try {
    const answer = await fetch(freshness.dataset.source, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    draw(await answer.json());
    wait = EVERY_MS;
  } catch {
    freshness.textContent = freshness.dataset.lost;
    wait = Math.min(wait * 2, SLOWEST_MS);
  }
  setTimeout(refresh, wait);
}

setTimeout(refresh, wait);
