// The service worker: fresh pages from the network, the offline page when there is none.
// It stores no page with personal content.
const VERSION = {{ version|safe }};
const CACHE = "carpool " + VERSION;
const OFFLINE = "{% url "offline" %}";
const SHELL = [OFFLINE, ...{{ assets|safe }}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) => Promise.all(keys.filter((key) => key !== CACHE).map((key) => caches.delete(key))))
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

async function page(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}
