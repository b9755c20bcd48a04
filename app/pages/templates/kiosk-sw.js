// Keeps the tablet's shell, one whole version at a time, so that a reload without a network shows the same page.
const VERSION = {{ ("touchstone-kiosk-" ~ version) | tojson }};
const SHELL = {{ shell | tojson }};

self.addEventListener("install", (event) => {
  const fresh = SHELL.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(fresh)));
});

// The old version stays until the page says that nothing waits to be sent (or that it has waited for a day).
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOthers().then(() => self.clients.claim()));
});

async function removeOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("touchstone-kiosk-") && name !== VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(caches.match(pathname, { cacheName: VERSION }).then((kept) => kept ?? fetch(event.request)));
});
