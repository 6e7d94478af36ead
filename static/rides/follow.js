// A shared ride, seen by somebody without an account: the page looks again by itself, without jumping.

const LOOK_EVERY_MS = 30_000;

async function look() {
  if (document.visibilityState === "hidden") return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer) return; // no network: what stands here was true then
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = document.querySelector("[data-followed]");
  const then = fresh.querySelector("[data-followed]");
  if (!then) location.reload(); // the link shows nothing any more
  else if (now.textContent !== then.textContent) now.replaceWith(then);
}

setInterval(look, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", look);
