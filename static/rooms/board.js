// The slot board: the two ends as comboboxes; what is chosen comes into view.

import { journey } from "../maps/places.js";

const form = document.querySelector("[data-board]");
if (form) journey(form, () => {});

for (const chosen of document.querySelectorAll(".strip [aria-current]")) {
  const list = chosen.closest(".strip__list");
  list.scrollLeft = chosen.offsetLeft - (list.clientWidth - chosen.offsetWidth) / 2;
}
