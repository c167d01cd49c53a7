// What was typed and not yet sent survives a refresh, in this tab only, under the page: its revision up to the dot.
// After the dot is what others did meanwhile, which makes no answer old.
const PREFIX = "draft:";
// An address is typed again: whoever comes to this tab next must not find it.
const NOT_KEPT = new Set(["csrfmiddlewaretoken", "key", "rev", "times", "reminder_email"]);
const nameOf = (rev) => PREFIX + pageOf(rev);

/** What of a revision names the page. */
export const pageOf = (rev) => rev.split(".")[0];

/** Remember what stands in `form`; with `key` also that it is on its way under this key, and what the newest line of one's own was then. */
export function keep(form, rev, key = "", after = 0) {
  const typed = [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && value !== "");
  try {
    if (typed.length) sessionStorage.setItem(nameOf(rev), JSON.stringify({ typed, key, after }));
    else sessionStorage.removeItem(nameOf(rev));
  } catch { /* storage is full or forbidden: then a refresh forgets */ }
}

/** Put back what was remembered under `rev`, where the field is still empty. What was on its way keeps its key. */
export function restore(form, rev) {
  let kept = {};
  try { kept = JSON.parse(sessionStorage.getItem(nameOf(rev)) || "{}"); } catch { return; }
  for (const [name, value] of kept.typed || []) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (field instanceof RadioNodeList) { if (!field.value) field.value = value; }
    else if (field.type === "checkbox" || field.type === "radio") field.checked ||= field.value === value;
    else if (field.type !== "submit" && !field.value) field.value = value;
  }
  if (!kept.key) return;
  form.elements.namedItem("key").value = kept.key;
  form.dataset.sent = "yes";
  form.dataset.after = kept.after || 0;
}

/** That page is over, or what stood on it was stored. */
export function forget(rev) {
  try { sessionStorage.removeItem(nameOf(rev)); } catch { /* nothing was kept */ }
}
