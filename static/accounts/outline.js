// The outline of a site: corners on the map that can be dragged, moved by arrow keys, added, removed.

const LEAST = 3;
const MOST = 60;
const STEP_M = 5;
const METRES_PER_DEGREE = 111_195;
const FIRST_CORNERS = 8;

/** The place so many metres east and north. */
function offset([lon, lat], east, north) {
  const shrink = Math.cos((lat * Math.PI) / 180);
  return [lon + east / (METRES_PER_DEGREE * shrink), lat + north / METRES_PER_DEGREE];
}

/** How far a place lies from an edge, in degrees stretched alike; only good for comparing. */
function apart([x, y], [ax, ay], [bx, by]) {
  const shrink = Math.cos((y * Math.PI) / 180);
  const [dx, dy] = [(bx - ax) * shrink, by - ay];
  const [px, py] = [(x - ax) * shrink, y - ay];
  const part = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(px - part * dx, py - part * dy);
}

export class Outline extends EventTarget {
  constructor(field, map) {
    super();
    this.map = map;
    this.input = field.querySelector("input");
    this.start = field.querySelector("[data-outline-start]");
    this.clear = field.querySelector("[data-outline-clear]");
    this.hint = field.querySelector("[data-outline-hint]");
    this.status = field.querySelector("[data-outline-status]");
    this.corners = this.input.value.split(" ").filter(Boolean).map((pair) => pair.split(",").map(Number));
    this.drawn = [];
    this.clear.addEventListener("click", () => this.change([], this.start));
  }

  get isDrawn() {
    return this.corners.length >= LEAST;
  }

  /** Begin with the circle, in corners: changing something is easier than drawing it. */
  fromCircle(middle, radius) {
    const turn = (2 * Math.PI) / FIRST_CORNERS;
    const corner = (_, i) => offset(middle, radius * Math.cos(i * turn), radius * Math.sin(i * turn));
    this.change(Array.from({ length: FIRST_CORNERS }, corner), this.clear);
  }

  /** Put a corner into the edge that is nearest. */
  add(place) {
    if (this.corners.length >= MOST) return;
    const edges = this.corners.map((corner, i) => apart(place, corner, this.corners.at(i - 1)));
    this.change(this.corners.toSpliced(edges.indexOf(Math.min(...edges)), 0, place));
  }

  remove(index) {
    if (this.corners.length > LEAST) this.change(this.corners.toSpliced(index, 1), this.clear);
  }

  change(corners, focus) {
    this.corners = corners;
    this.write();
    this.start.hidden = this.isDrawn;
    this.clear.hidden = !this.isDrawn;
    this.hint.hidden = !this.isDrawn;
    focus?.focus();
    this.dispatchEvent(new Event("outline"));
  }

  write() {
    this.input.value = this.corners.map(([lon, lat]) => `${lon.toFixed(6)},${lat.toFixed(6)}`).join(" ");
    this.status.textContent = `${this.status.dataset.corners}: ${this.corners.length}`;
  }

  /** Draw anew, and return the area, whose bounds the map may want to fit. */
  show() {
    this.drawn.forEach((part) => part.remove());
    this.drawn = [];
    if (!this.isDrawn) return null;
    const latLons = () => this.corners.map(([lon, lat]) => [lat, lon]);
    const area = L.polygon(latLons(), { className: "fence", interactive: false }).addTo(this.map);
    this.drawn.push(area);
    this.corners.forEach((_, index) => this.drawn.push(this.handle(index, () => area.setLatLngs(latLons()))));
    return area;
  }

  handle(index, redraw) {
    const [lon, lat] = this.corners[index];
    const icon = L.divIcon({ className: "corner", iconSize: [28, 28] });
    const name = `${index + 1}`;
    const mark = L.marker([lat, lon], { icon, draggable: true, title: name, alt: name }).addTo(this.map);
    const move = (place) => {
      this.corners[index] = place;
      this.write();
      redraw();
    };
    mark.on("drag", ({ latlng }) => move([latlng.lng, latlng.lat]));
    mark.on("click", () => this.remove(index));
    mark.getElement().addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
      const step = steps[event.key];
      const leaves = ["Enter", "Delete", "Backspace"].includes(event.key);
      if (!step && !leaves) return;
      event.preventDefault();
      event.stopPropagation();
      if (leaves) {
        this.remove(index);
        return;
      }
      move(offset(this.corners[index], step[0] * STEP_M, step[1] * STEP_M));
      mark.setLatLng([this.corners[index][1], this.corners[index][0]]);
    });
    return mark;
  }
}
