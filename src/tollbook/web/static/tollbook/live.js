// Live parts: they ask again every few seconds, rest while the tab is hidden, and say so when the
// server does not answer. New rows of the call log go where the sorting wants them.

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-live]") && document.hidden) event.preventDefault();
});

function sayLive(element, words, level) {
  const dot = element.querySelector(".dot");
  const text = element.querySelector("[data-words]");
  if (dot) dot.className = `dot dot-${level}`;
  if (text && text.textContent !== words) text.textContent = words;
}

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (event.target.matches("[data-live]")) sayLive(event.target, event.target.dataset.lost, "danger");
  });
}
document.addEventListener("htmx:afterRequest", (event) => {
  const element = event.target;
  if (element.matches?.("[data-live]") && event.detail.successful && element.dataset.here) {
    sayLive(element, element.dataset.here, "ok");
  }
});

function placeInOrder(body) {
  const fresh = [...body.querySelectorAll("tr.fresh:not([data-placed])")];
  for (const row of fresh) {
    row.dataset.placed = "";
    const begin = BigInt(row.dataset.begin);
    const later = [...body.children].find((other) => other !== row && BigInt(other.dataset.begin) <= begin && !fresh.slice(fresh.indexOf(row)).includes(other));
    body.insertBefore(row, later ?? null);
  }
}

document.addEventListener("htmx:oobAfterSwap", (event) => {
  const body = event.detail.target;
  if (body?.id !== "rows") return;
  placeInOrder(body);
  document.getElementById("no-calls")?.remove();
  document.body.dispatchEvent(new CustomEvent("calls-arrived", { bubbles: true }));
});
