// What was typed and not yet sent survives a refresh, in this tab only, under the page's revision.
const PREFIX = "draft:";
const NOT_KEPT = new Set(["csrfmiddlewaretoken", "key", "rev", "times"]);

/** Remember what stands in `form`. */
export function keep(form, rev) {
  const typed = [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && value !== "");
  try {
    if (typed.length) sessionStorage.setItem(PREFIX + rev, JSON.stringify(typed));
    else sessionStorage.removeItem(PREFIX + rev);
  } catch { /* storage is full or forbidden: then a refresh forgets */ }
}

/** Put back what was remembered under `rev`, where the field is still empty. */
export function restore(form, rev) {
  let typed = [];
  try { typed = JSON.parse(sessionStorage.getItem(PREFIX + rev) || "[]"); } catch { return; }
  for (const [name, value] of typed) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (field instanceof RadioNodeList) { if (!field.value) field.value = value; }
    else if (field.type === "checkbox" || field.type === "radio") field.checked ||= field.value === value;
    else if (!field.value) field.value = value;
  }
}

/** That page is over. */
export function forget(rev) {
  try { sessionStorage.removeItem(PREFIX + rev); } catch { /* nothing was kept */ }
}
