// Fields that name a place: a combobox over our address search (WAI-ARIA "editable combobox with
// list autocomplete"), with the chosen point in a hidden field beside it.

import { drawIcon } from "../design/app.js";

const WAIT_MS = 140;
const ICONS = {
  house: "map-pin", street: "route", place: "compass", stop: "flag", parking: "car",
  home: "house", work: "briefcase", site: "building-2",
};

export const parsePoint = (text) => {
  const parts = (text ?? "").split(",").map(Number);
  return parts.length === 2 && parts.every(Number.isFinite) && text.trim() ? parts : null;
};

export class PlaceField extends EventTarget {
  #timer;
  #asked;
  #options = [];
  #active = -1;

  constructor(root) {
    super();
    this.root = root;
    this.name = root.dataset.place;
    this.input = root.querySelector("[role=combobox]");
    this.point = root.querySelector("input[type=hidden]");
    this.list = root.querySelector("[role=listbox]");
    this.status = root.querySelector("[data-place-status]");
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.#close());
    this.input.addEventListener("focus", () => this.input.select());
    // mousedown, not click: a click comes after the field has lost its focus and the list is gone
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.index));
    });
  }

  get place() {
    return parsePoint(this.point.value);
  }

  get label() {
    return this.input.value.trim();
  }

  set(label, place) {
    this.input.value = label;
    this.point.value = place ? place.map((degrees) => degrees.toFixed(6)).join(",") : "";
    this.input.removeAttribute("aria-invalid");
    this.root.querySelector(".errorlist")?.remove();
    this.dispatchEvent(new Event("place"));
  }

  /** Name a point that was chosen on the map. */
  async setFromMap(place) {
    this.set(this.label || "…", place);
    const url = new URL(this.root.dataset.placeUrl, location.href);
    url.searchParams.set("at", place.map((degrees) => degrees.toFixed(6)).join(","));
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      this.input.value = (await answer.json()).label;
    } catch {
      this.input.value = this.root.dataset.textOnMap;
    }
    this.dispatchEvent(new Event("named"));
  }

  #typed() {
    this.point.value = "";
    clearTimeout(this.#timer);
    this.#asked?.abort();
    if (this.label.length < 2) return this.#close();
    this.#timer = setTimeout(() => this.#search(this.label), WAIT_MS);
    return undefined;
  }

  async #search(text) {
    this.#asked = new AbortController();
    const url = new URL(this.root.dataset.addressesUrl, location.href);
    url.searchParams.set("q", text);
    try {
      const answer = await fetch(url, {
        signal: this.#asked.signal,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      if (document.activeElement === this.input) this.#show(body.results ?? body);
    } catch (error) {
      if (error.name !== "AbortError") this.#note(this.root.dataset.textFailed);
    }
  }

  #show(hits) {
    this.#options = hits;
    this.#active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...hits.map((hit, index) => this.#option(hit, index)));
    if (hits.length === 0) return this.#note(this.root.dataset.textNone);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.status.textContent = this.root.dataset.textFound.replace("{n}", hits.length);
    return undefined;
  }

  #option(hit, index) {
    const option = document.createElement("li");
    option.className = "combo__option";
    option.id = `${this.list.id}-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.index = index;
    const words = document.createElement("span");
    const main = document.createElement("span");
    main.className = "combo__main";
    main.textContent = hit.label;
    const context = document.createElement("span");
    context.className = "combo__context";
    context.textContent = hit.context ?? "";
    words.append(main, context);
    option.append(drawIcon(ICONS[hit.kind] ?? "map-pin"), words);
    return option;
  }

  #note(text) {
    this.#options = [];
    const note = document.createElement("li");
    note.className = "combo__note";
    note.setAttribute("role", "presentation");
    note.textContent = text;
    this.list.replaceChildren(note);
    this.list.hidden = false;
    this.status.textContent = text;
  }

  #key(event) {
    const { length } = this.#options;
    if (event.key === "Escape") return this.#close();
    if (this.list.hidden || length === 0) return undefined;
    if (event.key === "ArrowDown") this.#activate((this.#active + 1) % length);
    else if (event.key === "ArrowUp") this.#activate((this.#active - 1 + length) % length);
    else if (event.key === "Enter") this.#choose(Math.max(0, this.#active));
    else return undefined;
    event.preventDefault();
    return undefined;
  }

  #activate(index) {
    this.#active = index;
    for (const option of this.list.children) {
      const active = Number(option.dataset.index) === index;
      option.setAttribute("aria-selected", String(active));
      if (active) {
        this.input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      }
    }
  }

  #choose(index) {
    const hit = this.#options[index];
    this.#close();
    this.set(hit.label, hit.place);
  }

  #close() {
    this.list.hidden = true;
    this.#options = [];
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

/** Wire the from/to pair of a form: chips, swap. Calls `changed` after each change. */
export function journey(form, changed) {
  const [origin, destination] = ["origin", "destination"].map(
    (name) => new PlaceField(form.querySelector(`[data-place=${name}]`)),
  );
  for (const field of [origin, destination]) field.addEventListener("place", () => changed());
  form.querySelector("[data-swap]")?.addEventListener("click", () => {
    const [label, place] = [origin.label, origin.place];
    origin.set(destination.label, destination.place);
    destination.set(label, place);
  });
  for (const chip of form.querySelectorAll("[data-chip]")) {
    chip.addEventListener("click", () => {
      // The first empty end takes the place; when both are full, the end that was not it.
      const place = parsePoint(chip.dataset.chip);
      const empty = [origin, destination].find((field) => !field.place);
      (empty ?? destination).set(chip.dataset.label, place);
    });
  }
  return { origin, destination };
}
