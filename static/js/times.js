// When each question of a page came into view, was first answered and last changed, in milliseconds since the page was
// shown. The server keeps what can be true, and needs none of it.
const open = { rev: "", since: 0, questions: new Map() };

/** Count the times of the questions inside `root`, and keep them in the form's box for them. */
export function clock(root) {
  const box = root.querySelector("input[data-times]");
  if (!box || box.dataset.counting) return;
  box.dataset.counting = "yes";
  // a page that comes back with a refusal is the same page: its times go on
  if (open.rev !== root.dataset.rev) Object.assign(open, { rev: root.dataset.rev, since: performance.now(), questions: new Map() });
  write(box);
  box.form.addEventListener("input", (event) => {
    if (!event.target.name || event.target === box) return;
    const times = of(event.target.name);
    times.last = now();
    times.first ??= times.last;
    write(box);
  });
  if (!("IntersectionObserver" in window)) return;
  const looking = new IntersectionObserver((changes) => {
    for (const change of changes.filter(({ isIntersecting }) => isIntersecting)) {
      for (const { name } of change.target.querySelectorAll("[name]")) of(name);
      looking.unobserve(change.target);
    }
    write(box);
  });
  for (const question of box.form.querySelectorAll(".field")) looking.observe(question);
}

const now = () => Math.round(performance.now() - open.since);

/** The times of a question, which was seen when it was answered if not before. */
function of(name) {
  if (!open.questions.has(name)) open.questions.set(name, { shown: now() });
  return open.questions.get(name);
}

function write(box) {
  box.value = [...open.questions].map(([name, { shown, first = "", last = "" }]) => `${name}=${shown},${first},${last}`).join(";");
}
