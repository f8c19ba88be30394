// The console without a line: its shell, its pieces, and the last answers of the API with the time they were given.
// Nothing under auth/ is ever kept; the page deletes READS when somebody signs out.
const SHELL = 'banyan-shell'
const ASSETS = 'banyan-assets'
const READS = 'banyan-reads'
const KEPT_AT = 'X-Banyan-Kept'
const API = '/api/'
const NEVER = /^\/api\/v1\/(auth|files|jobs|notifications\/stream|openapi\.json|docs)(\/|$)/
const READS_MOST = 400
const LARGEST = 2_000_000
const PATIENCE_MS = 5000

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(SHELL).then((cache) => cache.addAll(['/', '/appearance.js', '/banyan.svg', '/manifest.webmanifest'])).then(() => self.skipWaiting()),
  )
})
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('message', (event) => {
  if (event.data === 'keep-release') event.waitUntil(keepRelease().catch(() => undefined))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname.startsWith(API)) {
    const json = (request.headers.get('Accept') || '').includes('application/json')
    if (json && !NEVER.test(url.pathname)) event.respondWith(read(event, request))
  } else if (request.mode === 'navigate') event.respondWith(index(event, request))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(event, request))
  else event.respondWith(fetch(request).catch(async (error) => (await caches.match(request, { cacheName: SHELL })) || Promise.reject(error)))
})

/** The answer from the server; without one, the last that is known, marked with its time. */
async function read(event, request) {
  try {
    const answer = await fetch(request)
    if (answer.status === 200 && (answer.headers.get('Content-Type') || '').includes('json')) event.waitUntil(keepAnswer(request, answer.clone()))
    return answer
  } catch (error) {
    const known = request.signal.aborted ? undefined : await caches.match(request, { cacheName: READS, ignoreVary: true })
    if (known) return known
    throw error
  }
}

async function keepAnswer(request, answer) {
  const body = await answer.arrayBuffer()
  // The page deletes the whole store at sign-out; an answer that comes later must not bring it back.
  if (body.byteLength > LARGEST || !(await caches.has(READS))) return
  const cache = await caches.open(READS)
  const headers = new Headers({ 'Content-Type': answer.headers.get('Content-Type'), [KEPT_AT]: new Date().toISOString() })
  for (const name of ['ETag', 'Content-Language']) if (answer.headers.get(name)) headers.set(name, answer.headers.get(name))
  await cache.delete(request, { ignoreVary: true })
  await cache.put(request, new Response(body, { headers }))
  const known = await cache.keys()
  for (const old of known.slice(0, Math.max(0, known.length - READS_MOST))) if (!old.url.endsWith('/offline/person')) await cache.delete(old)
}

/** Every page is the same document: a fresh one, or the last that was fetched when the server does not answer soon. */
async function index(event, request) {
  const fresh = fetch(request).then((answer) => {
    const ours = answer.ok && !answer.redirected && (answer.headers.get('Content-Type') || '').startsWith('text/html')
    if (ours) {
      const copy = answer.clone()
      event.waitUntil(caches.open(SHELL).then((cache) => cache.put('/', copy)))
    }
    return answer
  })
  const known = await caches.match('/', { cacheName: SHELL })
  if (!known) return fresh
  const late = new Promise((done) => setTimeout(() => done(known), PATIENCE_MS))
  return Promise.race([fresh.catch(() => known), late])
}

/** Names of assets change with their contents, so a kept one is the right one. */
async function asset(event, request) {
  const known = await caches.match(request, { cacheName: ASSETS })
  if (known) return known
  const answer = await fetch(request)
  if (answer.ok) {
    const copy = answer.clone()
    event.waitUntil(caches.open(ASSETS).then((cache) => cache.put(request, copy)))
  }
  return answer
}

/** Fetch every piece of the release that is served now, so that pages not opened yet open too, and drop older ones. */
async function keepRelease() {
  const answer = await fetch('/release.json', { cache: 'no-cache' })
  if (!answer.ok) return
  const wanted = new Set((await answer.json()).map((path) => new URL(path, location.origin).href))
  const cache = await caches.open(ASSETS)
  const had = new Set((await cache.keys()).map((request) => request.url))
  for (const url of wanted) if (!had.has(url)) await cache.add(url).catch(() => undefined)
  for (const url of had) if (!wanted.has(url)) await cache.delete(url)
}
