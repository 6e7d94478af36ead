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
  if (!map || !offer || way) return;
  offer.shared ??= await sharedWay(offer).catch(() => null);
  if (!document.querySelector(`[data-offer-card="${offers.indexOf(offer)}"][data-chosen]`) || way) return;
  clear();
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

/* --- the whole way of one offer, on request -------------------------------------------------- */
const split = document.querySelector("[data-drawing-url]");
let way = null; // the opened details, whose drawing is on the map

async function openWay(details) {
  way = details;
  split.toggleAttribute("data-drawn", true);
  const status = details.querySelector("[data-drawing-status]");
  try {
    const { drawWay } = await import("./drawing.js");
    details.drawing ??= await drawWay(map, split.dataset.drawingUrl, details.dataset.drawing);
    if (way !== details) return;
    clear();
    details.drawing.show(details.querySelector("[data-reach]").checked);
    status.textContent = status.dataset.textDrawn;
    details.scrollIntoView({ block: "nearest" });
  } catch (error) {
    status.textContent = error.message || status.dataset.textFailed;
  }
}

function closeWay(details) {
  details.drawing?.remove();
  if (way !== details) return;
  way = null;
  split.toggleAttribute("data-drawn", false);
  const card = details.closest("[data-offer-card]") ?? document.querySelector("[data-chosen]");
  if (card) draw(offers[Number(card.dataset.offerCard)]);
}

function clear() {
  drawn?.remove();
  drawn = null;
}

for (const details of map ? document.querySelectorAll("[data-drawing]") : []) {
  details.addEventListener("toggle", () => (details.open ? openWay(details) : closeWay(details)));
  details.querySelector("[data-reach]").addEventListener("change", () => details.open && openWay(details));
}

placePins();
const first = document.querySelector("[data-offer-card]");
if (first) choose(first);
document.body.dataset.loaded = "";
