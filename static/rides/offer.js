// Offer a ride: both ends on the map, the road between them drawn while one chooses.

import { approach, createMap, fit, pin, route } from "../maps/basemap.js";
import { journey } from "../maps/places.js";

const form = document.querySelector("[data-offer]");
const panel = document.querySelector("[data-map]");
const map = createMap(panel);
const facts = panel.querySelector("[data-map-facts]");
const pins = {};
let line = null;
let asked = null;

const ends = journey(form, changed);

function changed() {
  placePins();
  drawRoute();
}

function placePins() {
  if (!map) return;
  for (const [name, field] of Object.entries(ends)) {
    pins[name]?.remove();
    delete pins[name];
    if (!field.place) continue;
    pins[name] = pin(field.place, name, { title: field.label, draggable: true }).addTo(map);
    pins[name].on("dragend", (event) => {
      const { lng, lat } = event.target.getLatLng();
      field.setFromMap([lng, lat]);
    });
  }
}

async function drawRoute() {
  asked?.abort();
  facts.textContent = "";
  line?.remove();
  line = null;
  const [from, to] = [ends.origin.place, ends.destination.place];
  if (!from || !to) return focusOn(from ?? to);
  asked = new AbortController();
  const url = new URL(form.dataset.routeUrl, location.href);
  url.searchParams.set("from", from.join(","));
  url.searchParams.set("to", to.join(","));
  try {
    const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
    const body = await answer.json();
    if (!answer.ok) {
      facts.textContent = body.detail ?? form.dataset.textNoRoute;
      return undefined;
    }
    showRoute(body);
  } catch (error) {
    if (error.name !== "AbortError") facts.textContent = form.dataset.textNoRoute;
  }
  return undefined;
}

function showRoute(body) {
  const minutes = Math.max(1, Math.round(body.duration_s / 60));
  const km = (body.distance_m / 1000).toFixed(1);
  facts.textContent = form.dataset.textRoute.replace("{m}", minutes).replace("{k}", km);
  if (!map) return;
  line = route(body.geometry.coordinates).addTo(map);
  fit(map, line);
}

function focusOn(place) {
  if (map && place) approach(map, place);
}

// A press on the map fills the end that is still empty.
map?.on("click", (event) => {
  const empty = Object.values(ends).find((field) => !field.place);
  empty?.setFromMap([event.latlng.lng, event.latlng.lat]);
});

/* --- a car has so many seats ----------------------------------------------------------------- */
const car = form.querySelector("[name=car]");
const seats = form.querySelector("[name=seats]");
function limitSeats() {
  const chosen = car?.selectedOptions?.[0] ?? form.querySelector("[name=car]:checked");
  const most = chosen?.dataset.seats;
  if (!most) return;
  seats.max = most;
  if (Number(seats.value) > Number(most)) seats.value = most;
  seats.dispatchEvent(new Event("input", { bubbles: true }));
}
car?.addEventListener("change", limitSeats);
limitSeats();
changed();
