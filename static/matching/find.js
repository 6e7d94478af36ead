// Find a ride: the two ends, and the offers on a map beside the list.

import { createMap, fit, pin, route, spot, walk } from "../maps/basemap.js";
import { journey } from "../maps/places.js";

const form = document.querySelector("[data-find]");
const panel = document.querySelector("[data-map]");
const map = createMap(panel);
const source = document.getElementById("offers");
const offers = source ? JSON.parse(source.textContent) : [];
const pins = {};
let drawn = null;

const ends = journey(form, placePins);

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
  const group = window.L.featureGroup(Object.values(pins));
  if (!drawn && group.getLayers().length) fit(map, group, 60);
}

map?.on("click", (event) => {
  const empty = Object.values(ends).find((field) => !field.place);
  empty?.setFromMap([event.latlng.lng, event.latlng.lat]);
});

/* --- offers ---------------------------------------------------------------------------------- */
function choose(card) {
  if (card.hasAttribute("data-chosen")) return;
  for (const other of document.querySelectorAll("[data-offer-card]")) {
    other.toggleAttribute("data-chosen", other === card);
  }
  draw(offers[Number(card.dataset.offerCard)]);
}

/** The road from pick-up to drop-off; asked for once per offer, when it is looked at. */
async function sharedWay(offer) {
  const url = new URL(form.dataset.routeUrl, location.href);
  url.searchParams.set("from", offer.pickup.place.join(","));
  url.searchParams.set("to", offer.dropoff.place.join(","));
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).geometry.coordinates : null;
}

async function draw(offer) {
  if (!map || !offer) return;
  offer.shared ??= await sharedWay(offer).catch(() => null);
  if (!document.querySelector(`[data-offer-card="${offers.indexOf(offer)}"][data-chosen]`)) return;
  drawn?.remove();
  drawn = window.L.featureGroup();
  if (offer.route) route(offer.route, { quiet: true }).addTo(drawn);
  if (offer.shared) route(offer.shared).addTo(drawn);
  if (ends.origin.place) walk(ends.origin.place, offer.pickup.place).addTo(drawn);
  if (ends.destination.place) walk(offer.dropoff.place, ends.destination.place).addTo(drawn);
  spot(offer.pickup.place, "pickup", "", `${offer.pickup.time} ${offer.pickup.label}`).addTo(drawn);
  spot(offer.dropoff.place, "dropoff", "", `${offer.dropoff.time} ${offer.dropoff.label}`).addTo(drawn);
  drawn.addTo(map);
  fit(map, window.L.featureGroup([drawn, ...Object.values(pins)]));
}

for (const card of document.querySelectorAll("[data-offer-card]")) {
  card.addEventListener("click", () => choose(card));
  card.addEventListener("focusin", () => choose(card));
}

placePins();
const first = document.querySelector("[data-offer-card]");
if (first) choose(first);
document.body.dataset.loaded = "";
