// Runs on every page. Everything here is comfort: each page works without it.

document.documentElement.classList.add("js");

/* --- theme: light, dark, or as the device says; remembered in a cookie the server reads ------ */
const YEAR_S = 365 * 24 * 3600;

export function setTheme(theme) {
  const root = document.documentElement;
  const dark = document.querySelector("[data-dark-tokens]");
  const chosen = theme === "light" || theme === "dark";
  document.cookie = `theme=${chosen ? theme : ""};path=/;max-age=${chosen ? YEAR_S : 0};samesite=lax`;
  if (chosen) root.dataset.theme = theme;
  else delete root.dataset.theme;
  dark.media = { light: "not all", dark: "all" }[theme] ?? "(prefers-color-scheme: dark)";
  window.dispatchEvent(new CustomEvent("themechange"));
}

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-theme-choice] input")) setTheme(event.target.value);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  window.dispatchEvent(new CustomEvent("themechange"));
});

/* --- toasts: short news that need no answer ------------------------------------------------- */
export function toast(text, icon = "bell") {
  const box = document.querySelector("[data-toasts]");
  const item = document.createElement("div");
  item.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  item.append(drawIcon(icon), words);
  box.append(item);
  setTimeout(() => item.remove(), 6000);
}

export function drawIcon(name) {
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/* --- network -------------------------------------------------------------------------------- */
const offline = document.querySelector("[data-offline]");
function showNetwork() {
  offline.hidden = navigator.onLine;
}
window.addEventListener("online", showNetwork);
window.addEventListener("offline", showNetwork);
showNetwork();

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(document.body.dataset.sw).catch(() => {});
}

/* --- forms ---------------------------------------------------------------------------------- */
// One press is one request: a second press on a slow network would only meet an error.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || button.hasAttribute("data-keep")) return;
  setTimeout(() => button.setAttribute("aria-busy", "true"));
});
window.addEventListener("pageshow", () => {
  const busy = document.querySelectorAll("[aria-busy=true]:not([data-keep])");
  for (const button of busy) button.removeAttribute("aria-busy");
});

function stepBy(stepper, direction) {
  const input = stepper.querySelector("input");
  if (input.value === "") input.value = input.dataset.start ?? input.min;
  else if (direction > 0) input.stepUp();
  else input.stepDown();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function limitStepper(stepper) {
  const input = stepper.querySelector("input");
  for (const button of stepper.querySelectorAll("[data-step]")) {
    const edge = Number(button.dataset.step) > 0 ? input.max : input.min;
    button.disabled = edge !== "" && input.value !== "" && Number(input.value) === Number(edge);
  }
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) stepBy(step.closest("[data-stepper]"), Number(step.dataset.step));
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.opens).showModal();
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  if (event.target.matches("dialog[open]")) event.target.close(); // the backdrop
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});
document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copy]");
  if (!copier) return;
  const field = document.getElementById(copier.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    toast(copier.dataset.textDone, "check");
  } catch {
    field.focus(); // a plain HTTP page has no clipboard: it is selected, to be copied by hand
  }
});
document.addEventListener("input", (event) => {
  const stepper = event.target.closest("[data-stepper]");
  if (stepper) limitStepper(stepper);
});
for (const stepper of document.querySelectorAll("[data-stepper]")) limitStepper(stepper);

// Where the server found fault, take the person there.
document.querySelector("[aria-invalid=true]:not([type=hidden])")?.focus({ preventScroll: false });
