// What waits for a member: numbers behind links, on every page, up to date while it is open.

import { follow } from "./live.js";

const marks = document.querySelectorAll("[data-counter]");

function show(_event, counts) {
  for (const mark of marks) {
    const count = counts[mark.dataset.counter];
    if (count === undefined) continue;
    mark.hidden = count === 0;
    mark.querySelector("[data-count]").textContent = count > 99 ? "99+" : String(count);
  }
}

if (marks.length) follow("counters", (event, data) => event === "counters" && show(event, data));
