// The way of an offer as it would be, on the map: loaded when somebody wants to see one.

import { fit, route, spot, walk } from "../maps/basemap.js";

const latLon = ([lon, lat]) => [lat, lon];

function line({ properties: { part }, geometry: { coordinates } }) {
  if (part.startsWith("walk")) return walk(...coordinates);
  return route(coordinates, { quiet: part !== "together" });
}

function stop({ properties: { part, label }, geometry: { coordinates } }, name) {
  const kinds = { pickup: "pickup", dropoff: "dropoff" };
  return spot(coordinates, kinds[part] ?? "plain", "", name ? `${name} ${label}` : label);
}

function reachOf(features) {
  const { L } = window;
  return L.featureGroup(features.map(({ geometry }) => L.polygon(geometry.coordinates[0].map(latLon), {
    className: "map-reach",
    weight: 2,
    dashArray: "6 8",
    interactive: false,
  })));
}

/** Ask for the drawing of a token. Rejects with the server's words, if it has any. */
async function ask(url, token) {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify({ offer: token }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title ?? "");
  return body.features;
}

/** The wall clock of the organization, in which the server writes: 2026-11-23T07:40:12-03:00. */
const timeOf = ({ at }) => at?.slice(11, 16) ?? "";

/** Draw a way, in a group that shows and fits its reach only when told to. */
export async function drawWay(map, url, token) {
  const features = await ask(url, token);
  const part = (name) => features.filter(({ properties }) => properties.part === name);
  const reach = reachOf(part("reach"));
  const lines = features.filter(({ geometry }) => geometry.type === "LineString");
  const stops = features.filter(({ geometry }) => geometry.type === "Point");
  const group = window.L.featureGroup([
    ...lines.map(line),
    ...stops.map((feature) => stop(feature, timeOf(feature.properties))),
  ]);
  return {
    remove() {
      reach.remove();
      group.remove();
    },
    show(withReach) {
      if (withReach) reach.addTo(map);
      else reach.remove();
      group.addTo(map);
      fit(map, withReach ? window.L.featureGroup([reach, group]) : group, withReach ? 16 : 44);
    },
  };
}
