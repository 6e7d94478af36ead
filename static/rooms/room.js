// One room: its way on the map, news while the page is open, and the way to the taxi app.

import { toast } from "../design/app.js";
import { keepAlive } from "../design/live.js";
import { createMap, fit, pin, route, spot } from "../maps/basemap.js";

const STORE_AFTER_MS = 1500;
const part = document.querySelector("[data-live]");
const map = createMap(document.querySelector("[data-map]"));
let drawn = null;

function draw() {
  const source = document.getElementById("room-map");
  if (!map || !source) return;
  const room = JSON.parse(source.textContent);
  const group = window.L.featureGroup();
  if (room.route) route(room.route).addTo(group);
  pin(room.pickup.place, "origin", { title: room.pickup.label }).addTo(group);
  for (const stop of room.stops) spot(stop.place, "dropoff", stop.text, stop.label).addTo(group);
  drawn?.remove();
  drawn = group.addTo(map);
  fit(map, group);
}

// An app that is not there says nothing: whoever is still here after a moment is led to the store.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-android]");
  if (!link) return;
  const store = /iPhone|iPad/.test(navigator.userAgent) ? link.dataset.ios : link.dataset.android;
  setTimeout(() => {
    if (document.visibilityState === "visible") location.assign(store);
  }, STORE_AFTER_MS);
});

// "I am here": the device says where it is, once, when one presses the button.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-here]");
  const field = form?.elements.namedItem("place");
  if (!form || field.value) return;
  event.preventDefault();
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      field.value = `${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`;
      form.submit();
    },
    () => toast(form.dataset.textFailed, "triangle-alert"),
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}, true);

draw();
if (part) {
  part.addEventListener("refreshed", draw);
  keepAlive(part);
}
