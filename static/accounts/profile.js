// One saved place: an address and its pin, either moves the other.

import { approach, createMap, pin } from "../maps/basemap.js";
import { PlaceField } from "../maps/places.js";

const field = new PlaceField(document.querySelector("[data-place]"));
const map = createMap(document.querySelector("[data-map]"));
let marker = null;

function show() {
  if (!map) return;
  marker?.remove();
  if (!field.place) return;
  marker = pin(field.place, "origin", { title: field.label, draggable: true }).addTo(map);
  marker.on("dragend", (event) => {
    const { lng, lat: north } = event.target.getLatLng();
    field.setFromMap([lng, north]);
  });
  approach(map, field.place, 16);
}

field.addEventListener("place", show);
map?.on("click", (event) => field.setFromMap([event.latlng.lng, event.latlng.lat]));
show();
