// The list of notifications stays up to date: what comes in is put on top.

import { follow, refresh } from "../design/live.js";

const part = document.querySelector("[data-news]");

follow("today", (event) => {
  if (event === "notification" || event === "notifications_read") refresh(part).catch(() => {});
});
