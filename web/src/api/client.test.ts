import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call, get, post, setDoorway } from './client'
import { ApiError } from './errors'

const asked: Request[] = []
let answers: (Response | Error)[] = []
let csrf = 'first'

beforeEach(() => {
  asked.length = 0
  csrf = 'first'
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request)
    const answer = answers.shift() ?? new Response('{}', { status: 200 })
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  })
  setDoorway({ csrf: () => csrf, locale: () => 'en', signInAgain: () => { csrf = 'second'; return Promise.resolve() } })
})
afterEach(() => vi.unstubAllGlobals())

const problem = (status: number, more: object = {}, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ status, code: 'some', detail: 'Because.', ...more }), { status, headers })

test('a POST carries the token, the language and a key that a repetition keeps', async () => {
  answers = [problem(503, {}, { 'Retry-After': '0' }), new Response('{"id":"1"}', { status: 201 })]
  expect(await post('/customers', { name: 'x' })).toEqual({ id: '1' })
  expect(asked).toHaveLength(2)
  expect(asked[0]?.headers.get('X-CSRF-Token')).toBe('first')
  expect(asked[0]?.headers.get('Accept-Language')).toBe('en')
  expect(asked[0]?.headers.get('Idempotency-Key')).toMatch(/^[0-9a-f-]{36}$/)
  expect(asked[1]?.headers.get('Idempotency-Key')).toBe(asked[0]?.headers.get('Idempotency-Key'))
})

test('the answer to a request that is still worked on is asked for until it is there, and a refusal is not', async () => {
  vi.useFakeTimers()
  const inUse = (): Response => problem(409, { code: 'key_in_use' }, { 'Retry-After': '1' })
  answers = [inUse(), inUse(), inUse(), inUse(), new Response('{"id":"1"}', { status: 201 })]
  const answer = post('/customers', { name: 'x' })
  await vi.advanceTimersByTimeAsync(5_000)
  vi.useRealTimers()
  expect(await answer).toEqual({ id: '1' })
  expect(new Set(asked.map((request) => request.headers.get('Idempotency-Key'))).size).toBe(1)

  answers = [problem(409, { code: 'state_conflict' })]
  await expect(post('/orders/1/confirm')).rejects.toMatchObject({ status: 409 })
  expect(asked).toHaveLength(6)
})

test('a session that ended is renewed and the same request sent again', async () => {
  answers = [problem(401), new Response('{"ok":true}')]
  expect(await post('/customers', { name: '榕树' })).toEqual({ ok: true })
  expect(asked[1]?.headers.get('X-CSRF-Token')).toBe('second')
  expect(await asked[1]?.json()).toEqual({ name: '榕树' })
})

test('a PATCH is not repeated after a broken connection, a GET is', async () => {
  answers = [new TypeError('network')]
  await expect(call('PATCH', '/customers/1', { body: {}, etag: '"3"' })).rejects.toMatchObject({ status: 0 })
  expect(asked).toHaveLength(1)
  expect(asked[0]?.headers.get('If-Match')).toBe('"3"')
  answers = [new TypeError('network'), new Response('{"n":1}')]
  expect(await get('/x')).toEqual({ n: 1 })
})

test('a refusal becomes an error with its fields', async () => {
  answers = [problem(422, { errors: [{ pointer: '/name', code: 'required', message: 'Name it.' }, { pointer: '/custom/vip_no', code: 'invalid', message: 'A number.' }, { pointer: '/amount/currency', code: 'invalid', message: 'Unknown.' }] })]
  const error = await post('/customers', {}).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiError)
  expect((error as ApiError).byField()).toEqual({ name: 'Name it.', 'custom.vip_no': 'A number.', amount: 'Unknown.' })
})
