import createClient from 'openapi-fetch'
import { heard } from '../session/offline'
import { ApiError, problemOf } from './errors'
import type { paths } from './schema'

export const BASE = '/api/v1'
const PATIENCE_S = 5
const ATTEMPTS = 3
/** How often to ask for the answer to a request that the server is still working on. */
const ASKED_AGAIN = 20

/** What the client needs from whoever knows the session; set once at start, so that the client knows no screen. */
export interface Doorway {
  csrf: () => string
  locale: () => string
  /** Ask the person to sign in again on top of the page; resolves when they have. */
  signInAgain: () => Promise<void>
}

let doorway: Doorway = { csrf: () => '', locale: () => 'zh-CN', signInAgain: () => Promise.reject(new Error('no doorway')) }

export function setDoorway(given: Doorway): void {
  doorway = given
}

const SAFE = new Set(['GET', 'HEAD'])
const later = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000))

/** A conflict that names a time is no refusal: the first sending of the same request is not done yet. */
function attemptsAt(response: Response): number {
  if (response.status === 409) return response.headers.has('Retry-After') ? ASKED_AGAIN : 1
  return response.status === 429 || response.status === 503 ? ATTEMPTS : 1
}

/**
 * One request with everything the API wants of a browser. It is sent again when that cannot do harm: a safe method, or
 * one with an Idempotency-Key, after 429, 503, a broken connection or while the first sending is still worked on;
 * anything after a sign-in.
 */
export async function send(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const signingIn = pathname.endsWith('/auth/login')
  if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
    request.headers.set('Idempotency-Key', crypto.randomUUID())
  }
  const repeatable = SAFE.has(request.method) || request.method === 'POST'
  for (let attempt = 1; ; attempt++) {
    const copy = request.clone()
    copy.headers.set('Accept-Language', doorway.locale())
    if (!SAFE.has(copy.method) && doorway.csrf()) copy.headers.set('X-CSRF-Token', doorway.csrf())
    let response: Response
    try {
      response = await fetch(copy)
      heard(response)
    } catch (error) {
      if (request.signal.aborted) throw error
      if (repeatable && attempt < ATTEMPTS && navigator.onLine) {
        await later(attempt * 0.4)
        continue
      }
      throw new ApiError({ status: 0, code: 'unreachable', detail: '' })
    }
    if (response.status === 401 && !signingIn) {
      await doorway.signInAgain()
      continue
    }
    const wait = Number(response.headers.get('Retry-After'))
    if (repeatable && wait <= PATIENCE_S && attempt < attemptsAt(response)) {
      await later(wait || 1)
      continue
    }
    return response
  }
}

/** The typed client. It throws ApiError, so `data` is what was asked for. */
export const api = createClient<paths>({ baseUrl: BASE, fetch: send })
api.use({
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await problemOf(response)
  },
})

export type Query = Record<string, string | number | boolean | null | undefined>

export interface Call {
  query?: Query
  body?: unknown
  form?: FormData
  etag?: string
  /** Keep the same key when the person presses the button again after an error. */
  key?: string
  signal?: AbortSignal
}

export interface Answer<T> {
  data: T
  status: number
  etag: string | null
}

/** A call whose path is known only at run time, as the generic screens make them. Throws ApiError. */
export async function call<T>(method: string, path: string, options: Call = {}): Promise<Answer<T>> {
  const url = new URL(`${BASE}${path}`, location.origin)
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value))
  }
  const headers = new Headers({ Accept: 'application/json' })
  if (options.etag) headers.set('If-Match', options.etag)
  if (options.key) headers.set('Idempotency-Key', options.key)
  let body: BodyInit | undefined
  if (options.form) body = options.form
  else if (options.body !== undefined) {
    headers.set('Content-Type', method === 'PATCH' ? 'application/merge-patch+json' : 'application/json')
    body = JSON.stringify(options.body)
  }
  const response = await send(new Request(url, { method, headers, body, signal: options.signal }))
  if (!response.ok) throw await problemOf(response)
  const data = response.status === 204 ? undefined : await response.json()
  return { data: data as T, status: response.status, etag: response.headers.get('ETag') }
}

/** Like `call`, for the body alone. */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, { query, signal })).data
}

export async function post<T>(path: string, body?: unknown, options: Call = {}): Promise<T> {
  return (await call<T>('POST', path, { ...options, body })).data
}
