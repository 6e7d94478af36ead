// Open a room: the two ends as comboboxes.

import { journey } from "../maps/places.js";

const form = document.querySelector("[data-open-room]");
if (form) journey(form, () => {});
