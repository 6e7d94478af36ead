// One conversation: what is said appears at once, what one says waits on this device until it is
// sent, and is never sent twice: the device gives each message its id, the server knows it again.

import { toast } from "../design/app.js";
import { follow, isOpen, keepAlive, listen, send } from "../design/live.js";

const chat = document.querySelector("[data-chat]");
const { conversation, me, api, language } = chat.dataset;
const log = chat.querySelector("[data-live]");
const scroller = chat.querySelector("[data-scroll]");
const waitingList = chat.querySelector("[data-waiting]");
const typingLine = chat.querySelector("[data-typing]");
const composer = chat.querySelector("[data-composer]");
const bubble = chat.querySelector("[data-bubble]");
const STORE = `chat-waiting:${me}`;
const RETRY_MS = 3000;
const TYPING_SHOWN_MS = 3500;
const TYPING_EVERY_MS = 2000;
const TRY_AGAIN_CODES = new Set(["too_many_messages", "service_unavailable"]);

/* --- what waits to be sent ---------------------------------------------------------------- */
const uploads = new Set(); // photos on their way; the store is too small for them
let queue = [];
try {
  queue = JSON.parse(localStorage.getItem(STORE)) ?? [];
} catch {
  queue = [];
}

function store() {
  try {
    if (queue.length) localStorage.setItem(STORE, JSON.stringify(queue));
    else localStorage.removeItem(STORE);
  } catch {
    // A full or forbidden store costs the queue its memory, not its work.
  }
}

function say(message) {
  queue.push({ client_id: newId(), language, ...message });
  store();
  draw();
  toEnd();
  push();
}

/** Return a random UUID, also where `crypto.randomUUID` is missing: on plain HTTP. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] % 16) + 64;
  bytes[8] = (bytes[8] % 64) + 128;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function draw() {
  const shown = new Set([...log.querySelectorAll("[data-client]")].map((node) => node.dataset.client));
  const still = [...queue, ...uploads].filter((message) => !shown.has(message.client_id));
  waitingList.replaceChildren(
    ...still.map((message) => {
      const item = bubble.content.firstElementChild.cloneNode(true);
      item.querySelector(".bubble__text").textContent = message.shown ?? message.text;
      const state = item.querySelector("[data-state]");
      state.textContent = message.refused ? chat.dataset.textRefused : isConnected() ? "…" : chat.dataset.textWaiting;
      const again = item.querySelector("[data-again]");
      again.hidden = !message.refused;
      again.addEventListener("click", () => takeBack(message));
      return item;
    }),
  );
}

function isConnected() {
  return isOpen() && navigator.onLine;
}

/** What the server refused goes back to where it was written. */
function takeBack(message) {
  settle(message.client_id);
  draw();
  if (!composer) return;
  if (!composer.text.value) composer.text.value = message.text ?? "";
  composer.text.focus();
}

let pushing = false;

/** Send what waits, in its order: over the socket, else by a request. */
async function push() {
  const due = queue.filter((message) => !message.refused);
  if (!due.length || pushing) return;
  if (isOpen()) {
    for (const { shown: _shown, refused: _refused, ...message } of due) send({ send: { conversation, ...message } });
    return;
  }
  pushing = true;
  try {
    for (const message of due) await post(message);
  } catch {
    // No network: it waits.
  } finally {
    pushing = false;
  }
}

async function post({ shown: _shown, refused: _refused, ...message }) {
  const answer = await fetch(api, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": composer.csrfmiddlewaretoken.value },
    body: JSON.stringify(message),
  });
  if (answer.ok) settle(message.client_id);
  else refuse(message.client_id, (await answer.json()).code);
}

function settle(id) {
  queue = queue.filter((message) => message.client_id !== id);
  store();
}

function refuse(id, code) {
  const message = queue.find(({ client_id: own }) => own === id);
  if (!message) return;
  if (code === "too_many_messages") toast(chat.dataset.textFast);
  if (TRY_AGAIN_CODES.has(code)) return;
  message.refused = true;
  store();
  draw();
}

listen((frame) => {
  if (frame.ack) settle(frame.ack);
  else if (frame.error && frame.client_id) refuse(frame.client_id, frame.error);
  else if (frame.open) push();
  if (frame.error === "conversation_not_found") toast(chat.dataset.textLeft, "info");
  draw();
});
setInterval(push, RETRY_MS);
window.addEventListener("online", push);
window.addEventListener("offline", draw);

/* --- what is heard ------------------------------------------------------------------------- */
let typed;
let isAtEnd = true;

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

scroller.addEventListener("scroll", () => {
  isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
});
log.addEventListener("refreshed", () => {
  draw();
  readOut();
  if (isAtEnd) toEnd();
});
// A keyboard on screen makes the log lower: its end stays in sight.
new ResizeObserver(() => isAtEnd && toEnd()).observe(scroller);

// iOS lays the keyboard over the page, and only the visual viewport knows of it.
visualViewport?.addEventListener("resize", () => {
  if (visualViewport.scale > 1.01) return; // somebody looks closely
  document.body.style.setProperty("--seen", `${visualViewport.height}px`);
  scrollTo(0, 0);
});

/** Tell a screen reader what is new, by whom: the log itself is replaced as a whole. */
function readOut() {
  const fresh = [...log.querySelectorAll(".newly:not(.bubble--mine)")].slice(-3);
  const words = fresh.map((item) => {
    const text = item.querySelector(".bubble__text, .log__fact span, img");
    const said = text?.alt ?? text?.innerText ?? item.innerText;
    return item.dataset.saidBy ? `${item.dataset.saidBy}: ${said}` : said;
  });
  if (words.length) chat.querySelector("[data-said]").textContent = words.join(". ");
}
log.addEventListener("load", () => isAtEnd && toEnd(), true); // photos take their room late

follow(`conversation:${conversation}`, (event, data) => {
  if (event === "typing" && data.participant !== me) {
    typingLine.hidden = false;
    if (isAtEnd) toEnd();
    clearTimeout(typed);
    typed = setTimeout(() => {
      typingLine.hidden = true;
    }, TYPING_SHOWN_MS);
  } else if (event === "message") {
    typingLine.hidden = true;
    send({ received: conversation, sequence: data.sequence });
  }
}, Number(log.dataset.last));
keepAlive(log);

/* --- what one does -------------------------------------------------------------------------- */
let toldTypingAt = 0;

if (composer) {
  const box = composer.text;
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = event.submitter?.name === "code" ? event.submitter.value : "";
    if (code) say({ kind: "quick", code, shown: event.submitter.textContent });
    else if (box.value.trim()) {
      say({ kind: "text", text: box.value });
      box.value = "";
    }
    box.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit(composer.querySelector(".composer__send"));
  });
  box.addEventListener("input", () => {
    if (Date.now() - toldTypingAt < TYPING_EVERY_MS) return;
    toldTypingAt = Date.now();
    send({ typing: conversation });
  });
  composer.photo.addEventListener("change", () => {
    for (const file of composer.photo.files) sendPhoto(file);
    composer.photo.value = "";
  });
}

/* --- photos: made smaller here, for slow networks; they do not wait for one ------------------- */
const LONGEST_SIDE = 1600; // as chat/services/photos.py keeps them

async function sendPhoto(file) {
  const upload = { client_id: newId(), shown: chat.dataset.textPhoto };
  uploads.add(upload);
  draw();
  toEnd();
  try {
    const body = new FormData();
    body.append("client_id", upload.client_id);
    body.append("photo", await shrink(file), "photo.jpg");
    const headers = { "X-CSRFToken": composer.csrfmiddlewaretoken.value };
    const answer = await fetch(chat.dataset.photos, { method: "POST", headers, body });
    if (!answer.ok) toast((await answer.json()).detail ?? chat.dataset.textFailed, "info");
  } catch {
    toast(chat.dataset.textFailed, "wifi-off");
  } finally {
    uploads.delete(upload);
    draw();
  }
}

async function shrink(file) {
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  } catch {
    return file; // the server tells what is wrong with it
  }
}

draw();
toEnd();
push();
