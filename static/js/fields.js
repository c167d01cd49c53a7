// Sliders beside number boxes, counters under text, a zone picked beforehand. All only help: the boxes alone are enough.

/** Add what helps to the fields inside `root`. */
export function furnish(root, words) {
  for (const amount of root.querySelectorAll("[data-amount]:not(:has(.slider))")) addSlider(amount);
  for (const text of root.querySelectorAll("[data-max]")) addCounter(text, words);
  for (const select of root.querySelectorAll("select[data-zone]:not([data-told])")) { select.dataset.told = "yes"; pickZone(select, words); }
}

/** Pick the zone that the browser names, where nothing is picked yet; the person confirms it. */
function pickZone(select, words) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const own = [...select.options].find((option) => option.value === timeZone);
  if (own && !select.value) own.selected = true;
  const told = document.createElement("p");
  told.className = "hint";
  told.dataset.zoneClock = "";
  told.setAttribute("role", "status");
  select.after(told);
  const tell = () => { told.textContent = select.value ? words.there.replace("{time}", timeIn(select.value)) : ""; };
  select.addEventListener("change", tell);
  tell();
}

/** What a clock in a zone shows now; the browser may not know the zone. */
function timeIn(zone) {
  try {
    return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format();
  } catch {
    return "…";
  }
}

/** A line to touch. It shows no handle before it is touched, so that nothing suggests a value. */
function addSlider(amount) {
  const box = amount.querySelector("input");
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = box.min;
  slider.max = box.max;
  slider.step = "1";
  // The box says the same to keyboards and screen readers; a second stop would only be in the way.
  slider.tabIndex = -1;
  slider.setAttribute("aria-hidden", "true");
  const follow = () => {
    const isSet = box.value !== "" && box.validity.valid;
    slider.classList.toggle("untouched", !isSet);
    if (isSet) slider.value = box.value;
  };
  const set = () => {
    slider.classList.remove("untouched");
    box.value = slider.value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  slider.addEventListener("input", (event) => { event.stopPropagation(); set(); });
  slider.addEventListener("click", set);  // a touch exactly in the middle of an untouched line changes nothing by itself
  box.addEventListener("input", follow);
  const line = document.createElement("div");
  line.className = "slider";
  const ends = document.createElement("div");
  ends.className = "ends";
  ends.setAttribute("aria-hidden", "true");
  for (const end of [box.min, box.max]) ends.append(Object.assign(document.createElement("span"), { textContent: end }));
  line.append(slider, ends);
  amount.append(line);
  follow();
}

function addCounter(text, words) {
  const hint = document.getElementById(`${text.id}-most`);
  const most = Number(text.dataset.max);
  const least = Number(text.dataset.min) || 0;
  if (!hint || !most) return;
  const bounds = hint.textContent;
  const follow = () => {
    const used = [...text.value.trim()].length;  // characters as the server counts them
    const filled = (pattern) => pattern.replace("{n}", String(used)).replace("{max}", String(most)).replace("{min}", String(least));
    if (least && !used) hint.textContent = bounds;  // what is left out has no length
    else hint.textContent = filled(used < least ? words.charactersLeast : words.characters);
    hint.classList.toggle("over", used > most);
  };
  text.addEventListener("input", follow);
  follow();
}
