// Lists whose rows are ticked: how many are, all of the page, and "x" for the row of the keyboard.
// In a bulk edit, touching a field ticks it.

function refresh(form) {
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox][name=id]")];
  const every = form.querySelector("input[data-every]");
  const ticked = boxes.filter((box) => box.checked).length;
  const count = every && every.checked ? Number(every.dataset.every) : ticked;
  form.querySelector("[data-selected]").textContent = count.toLocaleString("en");
  const all = form.querySelector("[data-tick-all]");
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  for (const button of form.querySelectorAll("[data-needs-selection]")) button.disabled = !count;
}

function begin() {
  for (const form of document.querySelectorAll("form[data-selection]")) {
    form.querySelector("[data-tick-all]").hidden = false;
    refresh(form);
  }
}

document.addEventListener("change", (event) => {
  const bulk = event.target.closest("form[data-bulk-edit]");
  if (bulk && !event.target.dataset.sets) {
    const tick = bulk.querySelector(`[data-sets="${CSS.escape(event.target.name)}"]`);
    if (tick) tick.checked = true;
  }
  const form = event.target.closest("form[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of form.querySelectorAll("tbody input[name=id]")) box.checked = event.target.checked;
  }
  refresh(form);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const box = document.querySelector("form[data-selection] tr.at input[name=id]");
  if (!box) return;
  box.checked = !box.checked;
  refresh(box.form);
});

begin();
// A page that comes back from the browser's memory keeps its ticks.
window.addEventListener("pageshow", begin);
