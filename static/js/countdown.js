// Counts down by the server's seconds, so a wrong clock in the browser does not matter.
const SPOKEN = [30, 10];
const SOON = 10;
let running = 0;

/** Show the time left in `place` until zero; say it aloud, politely, at 30 and 10 seconds. */
export function count(place, { speak, words, atZero }) {
  clearInterval(running);
  if (!place) return;
  const total = Number(place.dataset.seconds);
  const end = performance.now() + total * 1000;
  const clock = place.querySelector("[data-clock]");
  const bar = document.createElement("progress");
  bar.max = Math.max(total, 1);
  bar.setAttribute("aria-hidden", "true");
  place.append(bar);
  let before = total + 1;

  function tick() {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    if (left === before) return;
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    bar.value = left;
    place.classList.toggle("soon", left <= SOON);
    const due = SPOKEN.find((mark) => before > mark && left <= mark && total > mark);
    if (due && left > 0) speak(words.left.replace("{n}", String(left)));
    before = left;
    if (left === 0) { clearInterval(running); clock.textContent = words.over; atZero(); }
  }

  running = setInterval(tick, 250);
  tick();
}
