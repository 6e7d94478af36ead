// News that comes in while a page is open: its title as a toast, on every page.

import { toast } from "../design/app.js";
import { follow } from "../design/live.js";

const bell = document.querySelector("[data-news]");
let last = "";

async function announce() {
  const answer = await fetch(`${bell.dataset.news}?page_size=1`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const [news] = (await answer.json()).results;
  if (!news || news.id === last || news.read_at) return;
  last = news.id;
  toast(news.title);
}

if (bell) follow("today", (event) => event === "notification" && announce().catch(() => {}));
