import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp } from 'vue'
import { useLog, type Draft } from './log'

interface Sent { path: string; key: string | null; body: Record<string, unknown> }
let sent: Sent[]
let answers: Response[]
const DRAFT: Draft = { kind: 'call', customer_id: 'c', contact_id: null, summary: '问了报价。想要样品', subject: '', feedback: '', occurred_at: null, next_step: '发报价', next_at: null }

beforeEach(() => {
  sent = []
  vi.useFakeTimers({ now: new Date('2026-11-26T08:00:00Z'), toFake: ['Date'] })
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push({ path: new URL(request.url).pathname.replace('/api/v1', ''), key: request.headers.get('Idempotency-Key'), body: await request.json() })
    return answers.shift() ?? new Response('{}')
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

// So long a wait that the client itself does not ask again.
const busy = (): Response => new Response('{"code":"busy","detail":""}', { status: 503, headers: { 'Retry-After': '60' } })
const refused = (): Response => new Response('{"code":"invalid","detail":"no"}', { status: 422 })
const written = (id: string): Response => new Response(JSON.stringify({ id, version: 1, customer_id: 'c' }), { status: 201 })
function open(): ReturnType<typeof useLog> {
  return createApp({}).use(VueQueryPlugin, { queryClient: new QueryClient() }).runWithContext(useLog)
}

test('what was said is sent again with its key and its moment after an answer that decides nothing', async () => {
  const { log } = open()
  answers = [busy(), written('i')]
  await expect(log(DRAFT)).rejects.toMatchObject({ status: 503 })
  vi.setSystemTime(new Date('2026-11-26T08:07:00Z'))
  expect(await log(DRAFT)).toMatchObject({ id: 'i' })
  expect(sent[0]).toMatchObject({ path: '/interactions', body: { subject: '问了报价', occurred_at: '2026-11-26T08:00:00.000Z' } })
  expect(sent[1]).toEqual(sent[0])
})

test('after a refusal the corrected one is a request of its own, at its own moment', async () => {
  const { log } = open()
  answers = [refused(), written('i')]
  await expect(log(DRAFT)).rejects.toMatchObject({ status: 422 })
  vi.setSystemTime(new Date('2026-11-26T08:07:00Z'))
  await log(DRAFT)
  expect(sent[1]?.key).not.toBe(sent[0]?.key)
  expect(sent[1]?.body.occurred_at).toBe('2026-11-26T08:07:00.000Z')
})

test('a next step that may have been planned is asked for again, over midnight too, and what was logged is not', async () => {
  const { log, plan, forget } = open()
  answers = [written('i'), busy(), written('a'), written('j')]
  await log(DRAFT)
  await expect(plan(DRAFT)).rejects.toMatchObject({ status: 503 })
  vi.setSystemTime(new Date('2026-11-27T20:00:00Z'))
  expect(await log(DRAFT)).toMatchObject({ id: 'i' })
  await plan(DRAFT)
  expect(sent.map(({ path }) => path)).toEqual(['/interactions', '/activities', '/activities'])
  expect(sent[2]).toEqual(sent[1])

  forget()
  expect(await log(DRAFT)).toMatchObject({ id: 'j' })
  expect(sent[3]?.key).not.toBe(sent[0]?.key)
})

test('a moment that was chosen is the moment that is sent', async () => {
  const { log } = open()
  answers = [written('i')]
  await log({ ...DRAFT, occurred_at: '2026-11-20T01:00:00.000Z' })
  expect(sent[0]?.body.occurred_at).toBe('2026-11-20T01:00:00.000Z')
})
