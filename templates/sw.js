{% load static %}// The service worker: fresh pages from the network, the offline page when there is none.
// It stores no page with personal content.
const VERSION = {{ version|safe }};
const CACHE = "carpool " + VERSION;
const SHOWN = "news that was shown"; // outlives versions: ids only
const OFFLINE = "{% url "offline" %}";
const SHELL = [OFFLINE, ...{{ assets|safe }}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) => Promise.all(keys.filter((key) => key !== CACHE && key !== SHOWN).map((key) => caches.delete(key))))
      // Ask for a page while this worker still wakes up, not afterwards.
      .then(() => self.registration.navigationPreload?.enable())
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(page(event).catch(() => caches.match(OFFLINE)));
  } else if (SHELL.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
  }
});

/* --- pushes: first names and times, see chat/selectors/news_texts.py -------------------------- */
self.addEventListener("push", (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

async function show(news) {
  // A push service may bring the same news twice. Whoever wiped it away does not want it back.
  const shown = await caches.open(SHOWN);
  const mark = `/notifications/${news.id}/`;
  if (await shown.match(mark)) return;
  await self.registration.showNotification(news.title, {
    body: news.body,
    tag: news.id,
    icon: "{% static "design/icon-192.png" %}",
    data: { path: news.path },
  });
  await shown.put(mark, new Response(""));
  const marks = await shown.keys();
  await Promise.all(marks.slice(0, -50).map((old) => shown.delete(old)));
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});

async function open(path) {
  const url = new URL(path, location.origin);
  if (url.origin !== location.origin) return;
  const windows = await self.clients.matchAll({ type: "window" });
  const mine = windows.find((client) => "navigate" in client);
  if (!mine) await self.clients.openWindow(url);
  else await mine.navigate(url).then((client) => client?.focus());
}

async function page(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}
