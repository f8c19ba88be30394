import { clear, createStore, del, entries, set, type UseStore } from 'idb-keyval'
import { shallowRef } from 'vue'
import { ApiError } from '../api/errors'

/** A creation that waits for the line. `key` is its Idempotency-Key, so that it is done once however often it is sent. */
export interface Waiting {
  key: string
  user: string
  path: string
  body: Record<string, unknown>
  /** When it was written. */
  at: string
  /** Why the server refused it; then only the person can decide. */
  problem?: string
}

export interface Post {
  user: () => string
  send: (path: string, body: unknown, key: string) => Promise<unknown>
  reason: (error: ApiError) => string
  sent: (count: number) => void
}

const LOCK = 'banyan.outbox'
let post: Post | null = null
let kept: UseStore | null = null
const store = (): UseStore => (kept ??= createStore('banyan-outbox', 'waiting'))

/** What this person wrote and the server has not taken yet, oldest first. */
export const waiting = shallowRef<Waiting[]>([])

async function read(): Promise<Waiting[]> {
  const all = (await entries<string, Waiting>(store())).map(([, entry]) => entry)
  const mine = all.filter((entry) => entry.user === post?.user()).sort((a, b) => a.at.localeCompare(b.at))
  waiting.value = mine
  return mine
}

/** Begin: what an earlier visit left is sent now, the rest whenever `flush` is called. */
export async function openOutbox(given: Post): Promise<void> {
  post = given
  await flush()
}

export async function keep(path: string, body: Record<string, unknown>, key: string): Promise<void> {
  if (!post) throw new Error('the outbox is not open')
  await set(key, { key, user: post.user(), path, body, at: new Date().toISOString() } satisfies Waiting, store())
  await read()
}

/**
 * Send what waits, in order; without a line it stops and everything stays. One at a time over all tabs: the one that comes
 * while another still fails without a line takes its turn after it, for the line may be back by then.
 */
export async function flush(): Promise<void> {
  if (!post || !(await read()).some((entry) => !entry.problem)) return
  if (navigator.locks) await navigator.locks.request(LOCK, sendAll)
  else await sendAll()
}

async function sendAll(): Promise<void> {
  if (!post) return
  let sent = 0
  for (const entry of await read()) {
    if (entry.problem) continue
    try {
      await post.send(entry.path, entry.body, entry.key)
      await del(entry.key, store())
      sent++
    } catch (error) {
      if (!(error instanceof ApiError) || !error.decided || error.status === 429) break
      await set(entry.key, { ...entry, problem: post.reason(error) }, store())
    }
  }
  await read()
  if (sent) post.sent(sent)
}

/** Try a refused one again, as after the server's answer was mended elsewhere; it is a new request. */
export async function retry(entry: Waiting): Promise<void> {
  await del(entry.key, store())
  await keep(entry.path, entry.body, crypto.randomUUID())
  await flush()
}

export async function drop(entry: Waiting): Promise<void> {
  await del(entry.key, store())
  await read()
}

/** Nothing of anybody stays on the device. */
export async function empty(): Promise<void> {
  await clear(store())
  waiting.value = []
}
