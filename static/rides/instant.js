// Carpool now: the two ends as comboboxes, and where the driver stands from their device.

import { toast } from "../design/app.js";
import { PlaceField, journey } from "../maps/places.js";

const form = document.querySelector("[data-kerb]");
if (form) {
  const ends = journey(form, () => {});
  const button = form.querySelector("[data-locate]");
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => ends.origin.setFromMap([coords.longitude, coords.latitude]),
      () => toast(form.dataset.textFailed, "triangle-alert"),
      { enableHighAccuracy: true, timeout: 10_000 },
    );
  });
}

const own = document.querySelector("[data-join] [data-place=dropoff]");
if (own) new PlaceField(own);
