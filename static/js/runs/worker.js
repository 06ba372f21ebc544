// The run sheet without network: this worker sees the pages under its own address and their files, nothing else. The network comes
// first, always; what it answered last is kept, and shown when it does not answer.
const CACHE = "run-sheet", PAGES = 20, FILES = 400, PATIENCE = 6000;
const here = new URL("./", self.location).pathname;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const isPage = (url) => url.pathname.startsWith(here) && url.pathname !== self.location.pathname;
const isFile = (url) => url.pathname.startsWith("/static/");
const keyOf = (url) => url.origin + url.pathname;

async function trim(cache) {
  const kept = await cache.keys();
  for (const [matches, most] of [[isPage, PAGES], [isFile, FILES]]) {
    const some = kept.filter((request) => matches(new URL(request.url)));
    await Promise.all(some.slice(0, Math.max(0, some.length - most)).map((request) => cache.delete(request)));
  }
}

async function store(url, answer) {
  if (!answer.ok || answer.redirected || answer.type !== "basic") return;
  const cache = await caches.open(CACHE);
  await cache.put(keyOf(url), answer);
  await trim(cache);
}

async function fetched(event, url) {
  const answer = await fetch(event.request);
  const copy = answer.clone();
  event.waitUntil(store(url, copy).catch(() => {}));
  return answer;
}

async function freshest(event, url) {
  const kept = await caches.open(CACHE).then((cache) => cache.match(keyOf(url)));
  if (!kept) return fetched(event, url);
  const late = new Promise((done) => { setTimeout(done, PATIENCE, kept); });
  return Promise.race([fetched(event, url).catch(() => kept), late]);
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (isFile(url) || (isPage(url) && event.request.mode === "navigate")) event.respondWith(freshest(event, url));
  else if (isPage(url)) event.respondWith(fetched(event, url)); // news of an open page: never older than the page
});

self.addEventListener("message", (event) => {
  const urls = (event.data.keep ?? []).map((text) => new URL(text)).filter((url) => url.origin === self.location.origin && (isPage(url) || isFile(url)));
  event.waitUntil(Promise.allSettled(urls.map(async (url) => store(url, await fetch(url)))));
});
