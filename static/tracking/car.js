// Where the car is, for whoever waits for it or sits in it: asked for while the page is looked at.

import { spot } from "../maps/basemap.js";

const LOOK_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

export function followCar(part, map) {
  let marker = null;
  let shown = null;

  function write() {
    const card = part.querySelector("[data-car]");
    if (card && shown) card.querySelector("[data-car-text]").textContent = words(card, shown);
  }

  async function look() {
    const card = part.querySelector("[data-car]");
    if (!card || document.visibilityState === "hidden") return;
    const answer = await fetch(card.dataset.car, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return; // no network, or out of the car by now: the page says what is planned
    const car = await answer.json();
    shown = car.place ? car : null;
    write();
    marker?.remove();
    marker = null;
    if (map && shown) {
      const { lon, lat } = car.place;
      marker = spot([lon, lat], "car", "", card.querySelector("h2").textContent.trim()).addTo(map);
    }
  }

  part.addEventListener("refreshed", write);
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_EVERY_MS);
  look();
}

function words(card, car) {
  const seen = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
  const when = card.dataset.textSeen.replace("{t}", seen.format(new Date(car.located_at)));
  const stop = car.next_stop;
  if (!stop) return when;
  const minutes = Math.round((new Date(stop.expected_at) - Date.now()) / MINUTE_MS);
  const late = Math.round((new Date(stop.expected_at) - new Date(stop.planned_at)) / MINUTE_MS);
  const { textThere, textLate, textSoon } = card.dataset;
  const text = minutes < 1 ? textThere : late > 2 ? textLate : textSoon;
  const said = text.replace("{stop}", stop.label).replace("{m}", minutes).replace("{l}", late);
  return `${said}. ${when}.`;
}
