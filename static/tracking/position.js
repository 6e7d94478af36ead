// This browser's position, for one ride: sent every few seconds, kept here while there is no network.

const SEND_EVERY_MS = 5000;
const MOST_AT_ONCE = 500;
const MOST_KEPT = 20_000;
// Positions are numbered by the second, so that what is sent twice is the same position.
const NUMBERED_FROM_S = Date.UTC(2020, 0, 1) / 1000;

/** Begin when the page says so: after a press on its button, and once the ride may begin. */
export function sharePosition(part) {
  const ride = part.dataset.live.split(":").at(-1);
  const store = new Store(`positions:${ride}`);
  let sender = null;

  function look() {
    const form = part.querySelector("[data-sharing], [data-kept]");
    const isOn = form?.matches("[data-sharing]") ?? false;
    if (sender && sender.isOn !== isOn) {
      sender.stop();
      sender = null;
    }
    // When the ride is over, what is still kept is sent; when it was stopped, it is forgotten.
    if (!form) store.clear();
    else if (!sender && (isOn || store.kept.length)) sender = start(part, store, isOn);
  }

  part.addEventListener("refreshed", look);
  look();
}

/** What this browser has recorded and not sent yet. */
class Store {
  constructor(name) {
    this.name = name;
    this.kept = JSON.parse(localStorage.getItem(name) ?? "[]");
  }

  keep(kept) {
    this.kept = kept.slice(-MOST_KEPT);
    localStorage.setItem(this.name, JSON.stringify(this.kept));
  }

  clear() {
    this.kept = [];
    localStorage.removeItem(this.name);
  }
}

function start(part, store, isOn) {
  let isSending = false;
  let isDenied = false;

  function say(state) {
    isDenied = state === "denied";
    const form = part.querySelector("[data-sharing]");
    if (!form) return;
    const text = { on: form.dataset.textOn, waits: form.dataset.textWaits, denied: form.dataset.textDenied }[state];
    form.querySelector("[data-sharing-text]").textContent = text;
  }

  function note({ coords, timestamp }) {
    const sequence = Math.floor(timestamp / 1000) - NUMBERED_FROM_S;
    if (store.kept.at(-1)?.sequence === sequence) return;
    store.keep([
      ...store.kept,
      {
        sequence,
        recorded_at: new Date(timestamp).toISOString(),
        location: { lon: coords.longitude, lat: coords.latitude },
        accuracy_m: coords.accuracy ?? null,
        speed_mps: Number.isFinite(coords.speed) ? Math.max(0, coords.speed) : null,
      },
    ]);
    if (isDenied) say("on");
  }

  async function send() {
    const form = part.querySelector("[data-sharing], [data-kept]");
    if (isSending || !store.kept.length || !form) return;
    isSending = true;
    const batch = store.kept.slice(0, MOST_AT_ONCE);
    try {
      const answer = await fetch(form.dataset.sharing ?? form.dataset.kept, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.csrfmiddlewaretoken.value },
        body: JSON.stringify({ device: deviceKey(), positions: batch }),
      });
      if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
      const wrong = answer.status === 422 ? await named(answer) : null;
      // What was refused as a whole will never be taken: the ride is over, or no longer shared.
      const gone = new Set(batch.filter((_one, place) => !wrong?.size || wrong.has(place)).map((one) => one.sequence));
      store.keep(store.kept.filter((one) => !gone.has(one.sequence)));
      say("on");
    } catch {
      say("waits");
    } finally {
      isSending = false;
    }
  }

  const watch = isOn
    ? navigator.geolocation?.watchPosition(note, () => say("denied"), {
        enableHighAccuracy: true,
        maximumAge: 1000,
      })
    : null;
  if (watch === undefined) say("denied");
  const timer = setInterval(send, SEND_EVERY_MS);
  window.addEventListener("online", send);
  if (!isOn) send();
  return {
    isOn,
    stop() {
      if (typeof watch === "number") navigator.geolocation.clearWatch(watch);
      clearInterval(timer);
      window.removeEventListener("online", send);
    },
  };
}

/** Which places of a batch an error names: "positions.3.recorded_at" names the fourth. */
async function named(answer) {
  const problem = await answer.json();
  const places = problem.errors.map((error) => /^positions\.(\d+)/.exec(error.field)?.[1]);
  return new Set(places.filter((place) => place !== undefined).map(Number));
}

/** A key of this browser: two people's traces from one phone are one trace. */
function deviceKey() {
  let key = localStorage.getItem("device");
  if (!key) {
    key = crypto.randomUUID?.() ?? "";
    localStorage.setItem("device", key);
  }
  return key;
}
