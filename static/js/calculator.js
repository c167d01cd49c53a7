// The worked example: reckons anew while somebody tries out numbers. Without this its form opens in another tab.
const REST_MS = 400;

/** Let the worked examples inside `root` follow what is typed. */
export function calculate(root) {
  for (const form of root.querySelectorAll("form[data-calculator]:not([data-follows])")) follow(form);
}

function follow(form) {
  let timer = 0;
  let asked = 0;
  form.dataset.follows = "yes";
  const work = async () => {
    asked += 1;
    const mine = asked;
    const answer = await reckoned(form);
    const next = answer?.querySelector("[data-worked]");
    if (!next || mine !== asked || !form.isConnected) return;
    form.parentElement.querySelector("[data-worked]").replaceChildren(...next.childNodes);
    say(form, answer);
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(work, REST_MS); };
  form.addEventListener("input", (event) => { event.stopPropagation(); if (isWhole(form)) soon(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); work(); });
}

/** Whether everything is filled in: half an example is only reckoned when its button is pressed. */
function isWhole(form) {
  const names = new Set([...form.elements].map((one) => one.name).filter(Boolean));
  return [...names].every((name) => new FormData(form).get(name));
}

async function reckoned(form) {
  const asked = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(`${form.getAttribute("action")}?${asked}`, { headers: { "X-Fragment": "1" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

/** Put what was refused beside its field, and take away what no longer is. */
function say(form, answer) {
  for (const old of form.querySelectorAll(".error")) old.remove();
  for (const fresh of answer.querySelectorAll("form[data-calculator] .error")) {
    const field = document.getElementById(fresh.id.replace(/-error$/, ""));
    field?.closest(".field")?.querySelector("label, legend")?.after(fresh);
  }
}
