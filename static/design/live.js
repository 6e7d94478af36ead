// One live connection for the whole page: topics are followed over one socket, each event has a
// number, and after a break the numbers say what was missed. Where no socket gets through, the same
// events come by long polling.

import { toast } from "./app.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;
const RETRY_SOCKET_MS = 30_000;
const POLL_PAUSE_MS = 300;
const SIGNED_OUT = 4401;
const TOO_MANY_SOCKETS = 4429;

const topics = new Map(); // as wanted: { listeners, name, last }
const talkers = new Set(); // who wants acknowledgements and errors
let socket = null;
let failures = 0;
let polling = null;
let isOver = false;

/** Follow a topic. The listener gets (event, data); after a break that could not be closed, "reload". */
export function follow(topic, listener, after = null) {
  const known = topics.get(topic);
  if (known) {
    known.listeners.add(listener);
    known.last ??= after;
    return;
  }
  topics.set(topic, { listeners: new Set([listener]), name: topic, last: after });
  if (isOpen()) subscribe(topic);
  else if (!socket) connect();
}

/** Hear of acknowledgements, refusals, and of the connection itself: (frame) => …, {open: boolean}. */
export function listen(talker) {
  talkers.add(talker);
}

export function isOpen() {
  return socket?.readyState === WebSocket.OPEN;
}

/** Send over the socket; tells whether there is one. */
export function send(content) {
  if (!isOpen()) return false;
  socket.send(JSON.stringify(content));
  return true;
}

function subscribe(topic) {
  const { last } = topics.get(topic);
  send(last === null ? { subscribe: topic } : { subscribe: topic, after: last });
}

function connect() {
  const path = document.body.dataset.livePath;
  if (!path || isOver) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}${path}`);
  socket = mine;
  mine.addEventListener("open", () => {
    failures = 0;
    polling?.abort();
    polling = null;
    for (const topic of topics.keys()) subscribe(topic);
    for (const talker of talkers) talker({ open: true });
  });
  mine.addEventListener("message", (message) => hear(JSON.parse(message.data)));
  mine.addEventListener("close", (event) => {
    if (socket !== mine) return;
    failures += 1;
    for (const talker of talkers) talker({ open: false, code: event.code });
    isOver = event.code === SIGNED_OUT;
    if (isOver) return;
    const blocked = failures > 2 || event.code === TOO_MANY_SOCKETS;
    if (blocked) poll();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    setTimeout(connect, blocked && navigator.onLine ? RETRY_SOCKET_MS : wait * (0.75 + Math.random() / 2));
  });
}

window.addEventListener("online", () => {
  if (topics.size && socket?.readyState === WebSocket.CLOSED) connect();
});

function hear(frame) {
  if (frame.beat !== undefined) send({ beat: frame.beat });
  else if (frame.subscribed) {
    const topic = topics.get(frame.subscribed);
    if (!topic) return;
    topic.name = frame.as;
    topic.last ??= frame.last;
    tell(topic, "subscribed", {});
  } else if (frame.event) deliver(frame);
  else for (const talker of talkers) talker(frame);
}

function deliver(frame) {
  for (const topic of topics.values()) {
    if (topic.name !== frame.topic) continue;
    if (frame.id !== undefined) {
      if (topic.last !== null && frame.id <= topic.last) continue; // heard already
      topic.last = frame.id;
    }
    tell(topic, frame.event, frame.data);
  }
}

function tell(topic, event, data) {
  for (const listener of topic.listeners) listener(event, data);
}

/* --- long polling ----------------------------------------------------------------------------- */
async function poll() {
  if (polling) return;
  const control = new AbortController();
  polling = control;
  while (polling === control && !isOver) {
    try {
      await pollOnce(control.signal);
      await pause(POLL_PAUSE_MS);
    } catch {
      if (!control.signal.aborted) await pause(LONGEST_WAIT_MS);
    }
  }
}

async function pollOnce(signal) {
  const url = new URL(document.body.dataset.pollPath, location.href);
  for (const [topic, { last }] of topics) {
    url.searchParams.append("topic", last === null ? topic : `${topic}@${last}`);
  }
  const answer = await fetch(url, { signal });
  if (answer.status === 401) isOver = true;
  if (!answer.ok) throw new Error(String(answer.status));
  const heard = await answer.json();
  for (const frame of heard.frames) {
    const topic = [...topics.values()].find(({ name }) => name === frame.topic) ?? topics.get("today");
    if (topic) tell(topic, frame.event, frame.data);
  }
  for (const [wanted, last] of Object.entries(heard.last)) topics.get(wanted).last = last;
  if (heard.counters && topics.has("counters")) tell(topics.get("counters"), "counters", heard.counters);
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/* --- parts of a page -------------------------------------------------------------------------- */
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
  const focused = rememberFocus(part);
  const opened = [...part.querySelectorAll("details[open][id]")].map((node) => node.id);
  part.replaceChildren(fresh.content);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const node of part.querySelectorAll("[data-key]")) {
    if (!before.has(node.dataset.key)) node.classList.add("newly");
  }
  focused()?.focus();
  part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
  return true;
}

/** Remember what has the focus, to find the same in the fresh part: who uses keys would begin anew. */
function rememberFocus(part) {
  const one = document.activeElement;
  if (!part.contains(one)) return () => null;
  const alike = () =>
    [...part.querySelectorAll(one.localName)].filter((other) => other.textContent === one.textContent);
  const place = alike().indexOf(one);
  return () => (one.id && document.getElementById(one.id)) || alike()[place];
}

/** Keep a part of the page alive on a topic such as "today" or "ride:<id>". */
export function keepAlive(part) {
  let queued;

  // Several events of one transaction come together: fetch once for all of them.
  const soon = () => {
    clearTimeout(queued);
    queued = setTimeout(() => refresh(part).catch(() => {}), 60);
  };

  let isFirst = true;
  const hearOf = (event) => {
    if (event === "subscribed") {
      part.dataset.connected = "";
      // What happened while the page was being drawn comes by itself; now it may have been away.
      if (!isFirst) soon();
      isFirst = false;
      return;
    }
    if (event === "typing") return;
    const text = part.dataset[`text${event.replace(/(^|_)(\w)/g, (_all, _bar, letter) => letter.toUpperCase())}`];
    if (text) toast(text);
    soon();
  };
  follow(part.dataset.live, hearOf, part.dataset.last ? Number(part.dataset.last) : null);
  listen(({ open }) => {
    if (open === false) delete part.dataset.connected;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") soon();
  });
}
