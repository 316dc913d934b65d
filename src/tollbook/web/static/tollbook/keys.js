// The keyboard: "/" or Ctrl-K to search, "g" and a letter to go, "j k Enter" in a table, "?" for help.

let goPending = 0;

function isTyping(target) {
  return target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

function rows() {
  return [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.querySelector("a"));
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.classList.contains("at"));
  const next = Math.min(all.length - 1, Math.max(0, at === -1 ? 0 : at + by));
  if (at !== -1) all[at].classList.remove("at");
  all[next].classList.add("at");
  const link = all[next].querySelector("a");
  link.focus({ preventScroll: true });
  all[next].scrollIntoView({ block: "nearest" });
}

function focusSearch(event) {
  const field = document.getElementById("find");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function go(letter) {
  const link = document.querySelector(`.sections a[data-key="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href);
}

const actions = {
  "/": focusSearch,
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => step(1),
  k: () => step(-1),
  g: () => { goPending = performance.now(); },
  Enter: (event) => {
    if (!event.target.matches("a, button, summary, input")) document.querySelector("tr.at a")?.click();
  },
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return focusSearch(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(".find") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    return moveInFound(event);
  }
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (goPending && performance.now() - goPending < 1500) {
    goPending = 0;
    return go(event.key);
  }
  actions[event.key]?.(event);
});

function moveInFound(event) {
  const places = [document.getElementById("find"), ...document.querySelectorAll("#found a")];
  const at = places.indexOf(document.activeElement);
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0 || next >= places.length) return;
  event.preventDefault();
  places[next].focus();
}
