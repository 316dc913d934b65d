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

// A call that arrived while the page was drawn may be told twice: the row that stands stays.
// One that belongs beyond the end of this page is left for the next one.
function placeInOrder(body) {
  const fresh = [...body.querySelectorAll("tr.fresh:not([data-placed])")];
  for (const row of fresh) {
    row.dataset.placed = "";
    row.remove();
  }
  for (const row of fresh) {
    if (document.getElementById(row.id)) continue;
    const begin = BigInt(row.dataset.begin);
    const older = [...body.children].find((other) => BigInt(other.dataset.begin) <= begin);
    if (older || !document.querySelector(".pager [rel=next]")) body.insertBefore(row, older ?? null);
  }
}

document.addEventListener("htmx:oobAfterSwap", (event) => {
  const body = event.detail.target;
  if (body?.id !== "rows") return;
  placeInOrder(body);
  document.getElementById("no-calls")?.remove();
  document.body.dispatchEvent(new CustomEvent("calls-arrived", { bubbles: true }));
});
