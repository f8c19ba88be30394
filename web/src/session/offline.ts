import { ref } from 'vue'

/** Where the service worker keeps answers; the names are its own too (`public/sw.js`). */
const READS = 'banyan-reads'
const PERSON = '/offline/person'
export const KEPT_AT = 'X-Banyan-Kept'

/** The oldest of the kept answers on the page, while the server cannot be reached; null: everything is fresh. */
export const asOf = ref<string | null>(null)
let back: () => void = () => undefined

/** Called when the server answers again after it could not be reached. */
export function onBack(act: () => void): void {
  back = act
}

/** Take note of where an answer came from. */
export function heard(response: Response): void {
  const kept = response.headers.get(KEPT_AT)
  if (kept) asOf.value = asOf.value && asOf.value < kept ? asOf.value : kept
  else if (asOf.value) {
    asOf.value = null
    back()
  }
}

const available = (): boolean => 'caches' in window

/** Remember who is signed in, without any token, so that the console opens without a line. */
export async function rememberPerson(person: object): Promise<void> {
  if (!available()) return
  const cache = await caches.open(READS)
  await cache.put(PERSON, new Response(JSON.stringify(person), { headers: { [KEPT_AT]: new Date().toISOString() } }))
}

export async function lastPerson<T>(): Promise<T | null> {
  if (!available()) return null
  const found = await caches.match(PERSON, { cacheName: READS })
  if (!found) return null
  heard(found)
  return (await found.json()) as T
}

/** Delete every answer that was kept: they are one person's. */
export async function forgetReads(): Promise<void> {
  if (available()) await caches.delete(READS)
  asOf.value = null
}

/** Resolves once the service worker answers for this page, so that what is read from now on is kept; never where there is none. */
export async function governed(): Promise<void> {
  const worker = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker
  if (worker?.controller) return
  await new Promise((done) => worker?.addEventListener('controllerchange', done, { once: true }))
}

/** Start the service worker and let it fetch what this release is made of, when the page has come to rest. */
export function installShell(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const saving = (navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData
  window.addEventListener('load', () => {
    void navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then((registration) => {
      if (!saving) registration.active?.postMessage('keep-release')
    }).catch(() => undefined)
  })
}
