/**
 * Serves the site without a network after the first visit. The build fills in the files and a version, the hash of their contents:
 * one cache a version, filled as a whole before this worker takes over, dropped when the next one does.
 */
const VERSION = '__VERSION__';
const FILES = __FILES__;
/** Large ones, kept once they were asked for. */
const LATER = __LATER__;
const PREFIX = `wb-site ${registration.scope} `;
const CACHE = PREFIX + VERSION;

addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })))),
  );
});

addEventListener('activate', (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(registration.scope)) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : asset(request));
});

/** The network's page, so that a new version is seen; this version's where there is none. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
  } catch {
    // No network: the cache below answers.
  }
  const path = request.url.split(/[?#]/)[0];
  return (await stored(path.endsWith('/') ? `${path}index.html` : path)) ?? Response.error();
}

/** Names of built files hold a hash of their content, so the stored one is the one that was asked for. */
async function asset(request) {
  const found = await stored(request);
  if (found) return found;
  const answer = await fetch(request);
  const file = request.url.slice(registration.scope.length).split(/[?#]/)[0];
  if (answer.ok && LATER.includes(file)) {
    const copy = answer.clone();
    // A full disk is no reason to fail the request.
    caches
      .open(CACHE)
      .then((cache) => cache.put(file, copy))
      .catch(console.warn);
  }
  return answer;
}

const stored = async (request) => (await caches.open(CACHE)).match(request, { ignoreSearch: true });
