// A Leaflet map on our own vector tiles, so that no position leaves for a tile server.
// Leaflet (window.L) and protomaps-leaflet (window.protomapsL) are classic scripts loaded before.

import { isDark } from "../design/app.js";

const LIGHT = {
  ground: "#edf0e3", water: "#b4d8e0", green: "#cfe2c0", built: "#e6dccb", building: "#d9ccb7",
  sand: "#f0e2bd", casing: "#c9bba1", minor: "#fffdf8", major: "#fff0c6", trunk: "#f6cf82", path: "#bfb196",
  rail: "#b9b0a0", text: "#3d4846", halo: "#fbf7f0",
};
const DARK = {
  ground: "#141d1c", water: "#0e2a33", green: "#1a2b22", built: "#1c2625", building: "#26312f",
  sand: "#24241b", casing: "#0c1312", minor: "#33413e", major: "#46534e", trunk: "#6a5e36", path: "#303a38",
  rail: "#2b3230", text: "#b4bfba", halo: "#101817",
};

const MAJOR = ["primary", "primary_link", "secondary", "secondary_link"];
const TRUNK = ["motorway", "motorway_link", "trunk", "trunk_link"];
const MIDDLE = ["tertiary", "tertiary_link", "unclassified"];
const MINOR = ["residential", "living_street", "road", "service"];
const PATH = ["footway", "path", "steps", "pedestrian", "cycleway", "track"];

const among = (classes) => (_zoom, feature) => classes.includes(feature.props.class);

function paintRules(colours) {
  const { PolygonSymbolizer, LineSymbolizer, exp } = window.protomapsL;
  const area = (fill, classes) => ({
    dataLayer: "areas",
    symbolizer: new PolygonSymbolizer({ fill }),
    filter: among(classes),
  });
  const line = (color, classes, stops, minzoom = 0) => ({
    dataLayer: "roads",
    minzoom,
    symbolizer: new LineSymbolizer({ color, width: exp(1.5, stops), lineCap: "round", lineJoin: "round" }),
    filter: among(classes),
  });
  const wide = [[9, 0.6], [12, 2], [15, 6], [18, 20]];
  const middle = [[11, 0.5], [13, 1.6], [15, 5], [18, 17]];
  const narrow = [[12, 0.4], [14, 1.6], [16, 5], [18, 13]];
  const outside = (stops) => stops.map(([zoom, width]) => [zoom, width * 1.18 + (zoom > 12 ? 1.2 : 0.4)]);
  return [
    area(colours.built, ["built", "residential", "commercial", "industrial", "campus", "parking"]),
    area(colours.sand, ["sand"]),
    area(colours.green, ["green", "sport", "wood"]),
    area(colours.water, ["water"]),
    area(colours.building, ["building"]),
    {
      dataLayer: "waterways",
      symbolizer: new LineSymbolizer({ color: colours.water, width: exp(1.4, [[9, 0.8], [16, 6]]) }),
    },
    line(colours.rail, ["rail"], [[11, 0.5], [16, 2]]),
    line(colours.path, PATH, [[14, 0.6], [17, 2.4]], 14),
    line(colours.casing, MINOR, outside(narrow), 13),
    line(colours.casing, MIDDLE, outside(middle), 12),
    line(colours.casing, [...MAJOR, ...TRUNK], outside(wide)),
    line(colours.minor, MINOR, narrow, 12),
    line(colours.minor, MIDDLE, middle),
    line(colours.major, MAJOR, wide),
    line(colours.trunk, TRUNK, wide),
  ];
}

function labelRules(colours) {
  const { CenteredTextSymbolizer, LineLabelSymbolizer } = window.protomapsL;
  const words = { fill: colours.text, stroke: colours.halo, width: 2.5, labelProps: ["name"] };
  const place = (classes, size, minzoom, maxzoom) => ({
    dataLayer: "labels",
    minzoom,
    maxzoom,
    symbolizer: new CenteredTextSymbolizer({ ...words, font: `650 ${size}px "Noto Sans", system-ui, sans-serif` }),
    filter: among(classes),
  });
  const street = (classes, minzoom) => ({
    dataLayer: "roads",
    minzoom,
    symbolizer: new LineLabelSymbolizer({ ...words, font: '500 11.5px "Noto Sans", system-ui, sans-serif' }),
    filter: (zoom, feature) => Boolean(feature.props.name) && among(classes)(zoom, feature),
  });
  return [
    place(["city", "town"], 15, 8, 14),
    place(["village", "suburb", "quarter", "neighbourhood", "hamlet", "locality"], 12.5, 12, 16),
    street([...TRUNK, ...MAJOR], 13),
    street(MIDDLE, 14),
    street(MINOR, 16),
    place(["place", "stop"], 11, 16),
  ];
}

function vectorLayer(region, attribution) {
  const colours = isDark() ? DARK : LIGHT;
  return window.protomapsL.leafletLayer({
    url: region.tiles,
    maxDataZoom: region.max_zoom ?? 15,
    paintRules: paintRules(colours),
    labelRules: labelRules(colours),
    backgroundColor: colours.ground,
    attribution,
    noWrap: true,
  });
}

function addBasemap(map, config) {
  const draw = () => {
    if (config.tile_url) {
      return [window.L.tileLayer(config.tile_url, { attribution: config.attribution, maxZoom: 19 })];
    }
    return config.regions.map((region) => vectorLayer(region, config.attribution));
  };
  let layers = draw();
  for (const layer of layers) layer.addTo(map);
  window.addEventListener("themechange", () => {
    const old = layers;
    layers = draw();
    for (const layer of layers) layer.addTo(map).bringToBack?.();
    for (const layer of old) layer.remove();
  });
}

// What a map was told to show: Leaflet map -> its bounds and padding in pixels.
const shown = new WeakMap();

/** Read the configuration that the page carries; null when no region is imported. */
export function readConfig() {
  const element = document.getElementById("basemap");
  if (!element || !window.L || !window.protomapsL) return null;
  const config = JSON.parse(element.textContent);
  return config.tile_url || config.regions.length ? config : null;
}

/** Make a map in a `.map` panel. Returns null where there can be none: the page goes on without. */
export function createMap(panel, { scroll = true } = {}) {
  const config = panel && readConfig();
  if (!config) {
    if (panel) panel.dataset.missing = "";
    return null;
  }
  const { L } = window;
  const map = L.map(panel.querySelector(".map__canvas"), {
    zoomControl: false,
    scrollWheelZoom: scroll,
    minZoom: 8,
    maxZoom: 18,
    zoomSnap: 0.5,
  });
  map.attributionControl.setPrefix(false);
  L.control.zoom({
    position: "bottomright",
    zoomInTitle: panel.dataset.textZoomIn,
    zoomOutTitle: panel.dataset.textZoomOut,
  }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  addBasemap(map, config);
  const [first] = config.regions;
  if (first) map.fitBounds([[first.bbox[1], first.bbox[0]], [first.bbox[3], first.bbox[2]]]);
  else map.setView([0, 0], 8);
  panel.dataset.ready = "";
  // The panel changes its shape with the window, with what stands beside it, and when its style arrives.
  new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    show(map, false);
  }).observe(panel);
  for (const touch of ["pointerdown", "wheel", "keydown"]) {
    panel.addEventListener(touch, () => shown.delete(map), { passive: true });
  }
  return map;
}

const PIN = '<svg viewBox="0 0 36 44" aria-hidden="true"><path class="pin__body" d="M18 1.5C27.4 1.5 34 8.4 34 17.4C34 29.6 18 42.5 18 42.5C18 42.5 2 29.6 2 17.4C2 8.4 8.6 1.5 18 1.5Z"/><circle class="pin__hole" cx="18" cy="17" r="6"/></svg>';

/** A pin for one end of a journey. `kind` is "origin" or "destination". */
export function pin(place, kind, { title, draggable = false } = {}) {
  const { L } = window;
  return L.marker([place[1], place[0]], {
    icon: L.divIcon({
      className: `pin pin--${kind}${draggable ? " pin--drag" : ""}`,
      html: PIN,
      iconSize: [44, 48],
      iconAnchor: [22, 45],
    }),
    title,
    alt: title,
    draggable,
    autoPan: draggable,
    keyboard: false,
    zIndexOffset: 500,
  });
}

/** A small round mark: where somebody gets in ("pickup") or out ("dropoff"). */
export function spot(place, kind, text = "", title = "") {
  const { L } = window;
  const mark = document.createElement("span");
  mark.textContent = text;
  const marker = L.marker([place[1], place[0]], {
    icon: L.divIcon({ className: `spot spot--${kind}`, html: mark, iconSize: [28, 28] }),
    keyboard: false,
    alt: title,
  });
  return title ? marker.bindTooltip(title, { direction: "top", offset: [0, -12] }) : marker;
}

/** A road route with its casing, from [lon, lat] pairs. */
export function route(coordinates, { quiet = false } = {}) {
  const { L } = window;
  const points = coordinates.map(([lon, lat]) => [lat, lon]);
  return L.featureGroup([
    L.polyline(points, { className: "route-casing", weight: 9, opacity: 0.9, interactive: false }),
    L.polyline(points, {
      className: quiet ? "route-line route-line--quiet" : "route-line",
      weight: quiet ? 4 : 5,
      opacity: quiet ? 0.75 : 1,
      interactive: false,
    }),
  ]);
}

/** A walk: a dotted line through [lon, lat] pairs. */
export function walk(...places) {
  return window.L.polyline(places.map(([lon, lat]) => [lat, lon]), {
    className: "route-walk",
    weight: 3,
    dashArray: "1 7",
    interactive: false,
  });
}

/** Show everything in a group, calmly; and keep showing it when the panel's size changes, until somebody moves the map. */
export function fit(map, group, padding = 44) {
  const bounds = group.getBounds();
  if (!bounds.isValid()) return;
  shown.set(map, { bounds, padding });
  show(map, !matchMedia("(prefers-reduced-motion: reduce)").matches);
}

/** Look at one [lon, lat] place from near. */
export function approach(map, [lon, lat], zoom = 15) {
  shown.delete(map);
  map.setView([lat, lon], Math.max(map.getZoom(), zoom));
}

function show(map, animate) {
  const { bounds, padding } = shown.get(map) ?? {};
  const { x, y } = map.getSize();
  if (!bounds || Math.min(x, y) <= 2 * padding) return; // no room yet: Leaflet would zoom in as far as it can
  map.fitBounds(bounds, { padding: [padding, padding], maxZoom: 16, animate });
}
