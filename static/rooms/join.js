// Join a room: where one gets out, in words or where others do.

import { PlaceField } from "../maps/places.js";

const root = document.querySelector("[data-place=dropoff]");
if (root) {
  const field = new PlaceField(root);
  field.addEventListener("place", () => {
    const own = document.querySelector("[data-own-dropoff]");
    if (own && field.label) own.checked = true;
  });
}
