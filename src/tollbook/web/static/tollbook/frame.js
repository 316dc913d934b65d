// The frame: theme, density, folding, the drawer on a telephone, the side panel, help on keys.
// A choice is kept in a cookie, so that the server draws the next page right from the start.

const root = document.documentElement;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

function shownTheme() {
  if (root.dataset.theme) return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

const switches = {
  theme() {
    root.dataset.theme = shownTheme() === "dark" ? "light" : "dark";
    remember("theme", root.dataset.theme);
  },
  density() {
    root.dataset.density = root.dataset.density === "compact" ? "roomy" : "compact";
    remember("density", root.dataset.density);
  },
  fold() {
    root.dataset.side = root.dataset.side === "folded" ? "open" : "folded";
    remember("side", root.dataset.side);
  },
  drawer(button) {
    const open = document.getElementById("side").classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#side a").focus();
  },
  keys() {
    document.getElementById("keys").showModal();
  },
  "close-panel"() {
    closePanel();
  },
};

let openedFrom = null;

export function closePanel() {
  const panel = document.querySelector(".side-panel");
  if (!panel) return false;
  panel.remove();
  if (openedFrom && openedFrom.isConnected) openedFrom.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-switch]");
  if (button) switches[button.dataset.switch](button);
  const side = document.getElementById("side");
  const outside = !event.target.closest("#side, [data-switch=drawer]");
  if (side && side.classList.contains("open") && outside) {
    side.classList.remove("open");
    document.querySelector("[data-switch=drawer]").setAttribute("aria-expanded", "false");
  }
  if (!event.target.closest(".find")) emptyFound();
});

function emptyFound() {
  const found = document.getElementById("found");
  if (found) found.replaceChildren();
}

// A form that a choice alone completes (page size, period) sends itself.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form) form.requestSubmit();
});

// Fields left empty would only make the address long.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.querySelectorAll("input[name], select[name]")) {
    if (field.value === "" || field.value === field.dataset.default) field.disabled = true;
  }
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-opens-panel]")) openedFrom = event.target;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const heading = event.target.querySelector?.(".side-panel h2");
  if (heading) heading.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  emptyFound();
  closePanel();
});

// The menu may be longer than the window: show where one is.
const menu = document.querySelector(".sections");
const here = menu?.querySelector("[aria-current]");
if (here && menu.scrollHeight > menu.clientHeight) {
  menu.scrollTop = here.offsetTop - menu.offsetTop - menu.clientHeight / 2;
}
