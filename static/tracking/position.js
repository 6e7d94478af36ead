// This browser's position, for one ride: sent every few seconds, kept here while there is no network.

const SEND_EVERY_MS = 5000;
const MOST_AT_ONCE = 500;
const MOST_KEPT = 20_000;
// Positions are numbered by the second, so that what is sent twice is the same position.
const NUMBERED_FROM_S = Date.UTC(2020, 0, 1) / 1000;

/** Begin when the page says so: after a press on its button, and once the ride may begin. */
export function sharePosition(part) {
  let watching = null;

  function look() {
    const form = part.querySelector("[data-sharing]");
    if (form && watching === null) watching = start(part, form.dataset);
    if (!form && watching !== null) {
      watching.stop();
      watching = null;
    }
  }

  part.addEventListener("refreshed", look);
  look();
}

function start(part, { sharing: url, ride }) {
  const store = `positions:${ride}`;
  let kept = JSON.parse(localStorage.getItem(store) ?? "[]");
  let isSending = false;
  let state = "on";

  function say(next) {
    state = next;
    const form = part.querySelector("[data-sharing]");
    if (!form) return;
    const text = { on: form.dataset.textOn, waits: form.dataset.textWaits, denied: form.dataset.textDenied }[state];
    form.querySelector("[data-sharing-text]").textContent = text;
  }

  function keep() {
    kept = kept.slice(-MOST_KEPT);
    localStorage.setItem(store, JSON.stringify(kept));
  }

  function note({ coords, timestamp }) {
    const sequence = Math.floor(timestamp / 1000) - NUMBERED_FROM_S;
    if (kept.at(-1)?.sequence === sequence) return;
    kept.push({
      sequence,
      recorded_at: new Date(timestamp).toISOString(),
      location: { lon: coords.longitude, lat: coords.latitude },
      accuracy_m: coords.accuracy ?? null,
      speed_mps: Number.isFinite(coords.speed) ? Math.max(0, coords.speed) : null,
    });
    keep();
    if (state === "denied") say("on");
  }

  async function send() {
    const form = part.querySelector("[data-sharing]");
    if (isSending || !kept.length || !form) return;
    isSending = true;
    const batch = kept.slice(0, MOST_AT_ONCE);
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.csrfmiddlewaretoken.value },
        body: JSON.stringify({ device: deviceKey(), positions: batch }),
      });
      if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
      const wrong = answer.status === 422 ? await named(answer) : null;
      // What was refused as a whole will never be taken: the ride is over, or no longer shared.
      const gone = new Set(batch.filter((_one, place) => !wrong?.size || wrong.has(place)).map((one) => one.sequence));
      kept = kept.filter((one) => !gone.has(one.sequence));
      keep();
      say("on");
    } catch {
      say("waits");
    } finally {
      isSending = false;
    }
  }

  const watch = navigator.geolocation?.watchPosition(note, () => say("denied"), {
    enableHighAccuracy: true,
    maximumAge: 1000,
  });
  if (watch === undefined) say("denied");
  const timer = setInterval(send, SEND_EVERY_MS);
  window.addEventListener("online", send);
  return {
    stop() {
      if (watch !== undefined) navigator.geolocation.clearWatch(watch);
      clearInterval(timer);
      window.removeEventListener("online", send);
      localStorage.removeItem(store);
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
