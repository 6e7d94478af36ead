// The week: says in sentences what is being entered, and keeps the proposals up to date.

import { keepAlive, refresh } from "../design/live.js";

const WAIT_MS = 250;
const LOOK_AGAIN_MS = 3000;

const form = document.querySelector("[data-plan]");
const part = document.querySelector("[data-proposals]");

/* --- the sentences ---------------------------------------------------------------------------- */
let timer;
let asked;

async function describe() {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(form.dataset.previewUrl, {
      method: "POST",
      body: new FormData(form),
      signal: asked.signal,
    });
    if (!answer.ok || answer.redirected) return;
    form.querySelector("[data-preview]").innerHTML = await answer.text();
  } catch {
    // Without the network the sentences stay as they were; the page says that it is offline.
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(describe, WAIT_MS);
});

/* --- Monday's trips become every workday's, so that unticking "same" starts from them --------- */
form?.elements.namedItem("same")?.addEventListener("change", (event) => {
  if (event.target.checked) return;
  for (const direction of ["to_work", "to_home"]) {
    for (let day = 1; day < 5; day += 1) {
      for (const name of ["role", "at", "flexibility"]) {
        const first = form.elements.namedItem(`${direction}_0_${name}`);
        form.elements.namedItem(`${direction}_${day}_${name}`).value = first.value;
      }
    }
  }
});

/* --- the proposals ---------------------------------------------------------------------------- */
keepAlive(part);

// While cars are put together nothing is told to this member, so the page looks again by itself.
setInterval(() => {
  const waits = part.querySelector("[data-computing]") && document.visibilityState === "visible";
  if (waits) refresh(part).catch(() => {});
}, LOOK_AGAIN_MS);
