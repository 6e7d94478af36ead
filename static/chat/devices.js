// Pushes to this device, and the button that saves once something is changed.

const box = document.querySelector("[data-push]");
const button = box.querySelector("[data-push-on]");
const status = box.querySelector("[data-push-status]");
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;

const say = (what) => {
  status.textContent = status.dataset[what];
};

function keyBytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function nameOfBrowser() {
  const agent = navigator.userAgent;
  const browser = ["Edg", "OPR", "SamsungBrowser", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name));
  const names = { Edg: "Edge", OPR: "Opera", SamsungBrowser: "Samsung Internet" };
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((name) => agent.includes(name));
  return [names[browser] ?? browser, system].filter(Boolean).join(" · ");
}

async function subscribe() {
  if (!("serviceWorker" in navigator && "PushManager" in window)) return say("textUnable");
  if ((await Notification.requestPermission()) !== "granted") return say("textBlocked");
  try {
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: keyBytes(box.dataset.key),
    });
    const { endpoint, keys } = subscription.toJSON();
    const answer = await fetch(box.dataset.api, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify({ transport: "web", address: endpoint, p256dh: keys.p256dh, auth: keys.auth, label: nameOfBrowser() }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    location.reload();
  } catch {
    say("textFailed");
  }
  return undefined;
}

button?.addEventListener("click", async () => {
  button.setAttribute("aria-busy", "true");
  await subscribe();
  button.removeAttribute("aria-busy");
});

// A long form whose end is far away: what saves it comes along from the first change.
const save = document.querySelector(".matrix-save");
save.closest("form").addEventListener("change", () => save.classList.add("matrix-save--floats"), { once: true });
