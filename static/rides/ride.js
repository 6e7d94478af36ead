// One ride: the map of its stops, and news about it while the page is open.

import { keepAlive } from "../design/live.js";
import { createMap, fit, pin, route, spot, walk } from "../maps/basemap.js";
import { followCar } from "../tracking/car.js";
import { sharePosition } from "../tracking/position.js";

const part = document.querySelector("[data-live]");
const panel = document.querySelector("[data-map]");
const map = createMap(panel);
let drawn = null;

function draw() {
  const source = document.getElementById("ride-map");
  if (!map || !source) return;
  const ride = JSON.parse(source.textContent);
  const group = window.L.featureGroup();
  if (ride.route) route(ride.route).addTo(group);
  for (const [from, to] of ride.walks) walk(from, to).addTo(group);
  for (const end of ["origin", "destination"]) {
    pin(ride[end].place, end, { title: ride[end].label }).addTo(group);
  }
  for (const stop of ride.stops) spot(stop.place, stop.kind, stop.text, stop.label).addTo(group);
  drawn?.remove();
  drawn = group.addTo(map);
  fit(map, group);
}

draw();
if (part) {
  part.addEventListener("refreshed", draw);
  keepAlive(part);
  followCar(part, map);
  sharePosition(part);
}
