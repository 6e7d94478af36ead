// Parts of a page that stay up to date: a socket says that something happened, then the page
// fetches that part of itself again. Without the socket it asks every twenty seconds.

import { toast } from "./app.js";

const POLL_MS = 20_000;
const LONGEST_WAIT_MS = 30_000;

/** Fetch a part again and put it in place; what is new in it is marked for a moment. */
export async function refresh(part) {
  const url = new URL(location.href);
  url.searchParams.set("fragment", part.dataset.fragment);
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return false;
  const before = new Set([...part.querySelectorAll("[data-key]")].map((node) => node.dataset.key));
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  const busy = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  if (busy || part.querySelector("dialog[open]")) return false; // never pull a form from under somebody
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...part.querySelectorAll("details[open][id]")].map((node) => node.id);
  part.replaceChildren(fresh.content);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const node of part.querySelectorAll("[data-key]")) {
    if (!before.has(node.dataset.key)) node.classList.add("newly");
  }
  if (focused) document.getElementById(focused)?.focus();
  part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
  return true;
}

/** Keep a part of the page alive on a topic such as "today" or "ride:<id>". */
export function keepAlive(part) {
  let socket;
  let attempts = 0;
  let queued;

  // Several events of one transaction come together: fetch once for all of them.
  const soon = () => {
    clearTimeout(queued);
    queued = setTimeout(() => refresh(part).catch(() => {}), 60);
  };

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}${document.body.dataset.livePath}`);
    socket.addEventListener("open", () => {
      // After a break the page may have missed something.
      if (attempts > 0) soon();
      attempts = 0;
      socket.send(JSON.stringify({ subscribe: part.dataset.live }));
    });
    socket.addEventListener("message", (message) => {
      const news = JSON.parse(message.data);
      if (news.subscribed) part.dataset.connected = "";
      if (!news.event) return;
      const text = part.dataset[`text${news.event.replace(/(^|_)(\w)/g, (_all, _bar, letter) => letter.toUpperCase())}`];
      if (text) toast(text);
      soon();
    });
    socket.addEventListener("close", () => {
      delete part.dataset.connected;
      attempts += 1;
      setTimeout(connect, Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(attempts, 5)));
    });
  };

  connect();
  setInterval(() => {
    if (document.visibilityState === "visible" && socket.readyState !== WebSocket.OPEN) soon();
  }, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") soon();
  });
}
