// Earlier conversations: the words of one come when it is opened. Without this a link leads to them.

/** Let the closed conversations inside `root` be opened. `tell` says a sentence on the page. */
export function openPast(root, { words, tell }) {
  for (const one of root.querySelectorAll("details[data-past]:not([data-ready])")) {
    one.dataset.ready = "yes";
    one.addEventListener("toggle", () => { if (one.open && one.dataset.read !== "yes") read(one, () => tell(words.offline)); });
  }
}

async function read(one, fail) {
  one.setAttribute("aria-busy", "true");
  const said = await fetched(one.dataset.past);
  one.removeAttribute("aria-busy");
  if (!said) { fail(); return; }
  one.dataset.read = "yes";
  one.replaceChildren(one.querySelector("summary"), said);
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { "X-Fragment": "1" }, redirect: "error" });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-transcript]");
  } catch {
    return null;
  }
}
