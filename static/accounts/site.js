// A site: its middle, its fence as a circle or an outline, and the entrance where cars stop.

import { createMap, pin } from "../maps/basemap.js";
import { PlaceField } from "../maps/places.js";
import { Outline } from "./outline.js";

const middle = new PlaceField(document.querySelector('[data-place="place"]'));
const entrance = new PlaceField(document.querySelector('[data-place="entrance"]'));
const radius = document.querySelector("#id_radius_m");
const map = createMap(document.querySelector("[data-map]"));
const outline = map && new Outline(document.querySelector("[data-outline]"), map);
let drawn = [];

function marker(field, kind) {
  const put = pin(field.place, kind, { title: field.label, draggable: true }).addTo(map);
  put.on("dragend", (event) => {
    const { lng, lat } = event.target.getLatLng();
    field.setFromMap([lng, lat]);
  });
  drawn.push(put);
}

function show({ move = true } = {}) {
  if (!map) return;
  drawn.forEach((part) => part.remove());
  drawn = [];
  if (!middle.place) return;
  const [lon, lat] = middle.place;
  let fence = outline.show();
  if (!fence) {
    const reach = Number(radius.value) || 0;
    fence = L.circle([lat, lon], { radius: reach, className: "fence", interactive: false }).addTo(map);
    drawn.push(fence);
  }
  marker(middle, "destination");
  if (entrance.place) marker(entrance, "origin");
  if (move) map.fitBounds(fence.getBounds(), { padding: [32, 32], maxZoom: 17 });
}

middle.addEventListener("place", show);
entrance.addEventListener("place", () => show({ move: false }));
radius.addEventListener("input", show);
outline?.addEventListener("outline", () => show({ move: false }));
outline?.start.addEventListener("click", () => {
  if (middle.place) outline.fromCircle(middle.place, Number(radius.value) || 150);
});
map?.on("click", (event) => {
  if (outline.isDrawn) {
    outline.add([event.latlng.lng, event.latlng.lat]);
    return;
  }
  const field = middle.place ? entrance : middle;
  field.setFromMap([event.latlng.lng, event.latlng.lat]);
});
show();
