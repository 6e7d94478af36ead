// Launch studies: drop a file, watch the progress, see the neighbourhoods on a map, print.

import { refresh } from "../design/live.js";
import { createMap, fit, spot } from "../maps/basemap.js";

const POLL_MS = 1500;

/* --- upload: a file may be dropped on its field ------------------------------------------------ */
const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  drop.addEventListener("dragleave", () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}

/* --- progress ---------------------------------------------------------------------------------- */
const progress = document.querySelector("[data-study-progress]");

function isUnderWay() {
  return ["queued", "running"].includes(progress.querySelector("[data-study-state]")?.dataset.studyState);
}

async function watch() {
  await refresh(progress).catch(() => {});
  if (isUnderWay()) setTimeout(watch, POLL_MS);
  else location.reload();
}
if (progress) setTimeout(watch, POLL_MS);

/* --- map --------------------------------------------------------------------------------------- */
const source = document.getElementById("areas");

/** A neighbourhood: a disc whose area grows with its people. */
function disc(area, number, text) {
  const size = Math.round(26 + 4.5 * Math.sqrt(area.people));
  const mark = document.createElement("span");
  mark.textContent = String(number);
  return window.L.marker([area.lat, area.lon], {
    icon: window.L.divIcon({ className: "area", html: mark, iconSize: [size, size] }),
    keyboard: false,
    alt: `${area.label}: ${text}`,
  }).bindTooltip(`${area.label}: ${text}`, { direction: "top", offset: [0, -size / 2] });
}

function drawAreas(map, areas) {
  const { textPeople, textWalk } = document.querySelector("[data-study-texts]").dataset;
  const say = (text, n) => text.replace("{n}", n);
  const group = window.L.featureGroup();
  areas.forEach((area, i) => disc(area, i + 1, say(textPeople, area.people)).addTo(group));
  for (const point of areas.flatMap((area) => area.points)) {
    const title = `${point.label}: ${say(textWalk, point.people)}`;
    spot([point.lon, point.lat], "dropoff", String(point.people), title).addTo(group);
  }
  group.addTo(map);
  if (areas.length) fit(map, group, 50);
}

if (source) {
  const map = createMap(document.querySelector("[data-map]"), { scroll: false });
  if (map) drawAreas(map, JSON.parse(source.textContent));
}

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
document.body.dataset.loaded = "";
