import { QueryClient, VueQueryPlugin, type QueryKey } from '@tanstack/vue-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp } from 'vue'
import { lookAgain } from '../shell/stream'
import { retell, useWriting } from './collection'

let client: QueryClient
beforeEach(() => { client = new QueryClient() })
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Queries that were answered; `stale()` tells which of them are to be asked again, and takes note of it. */
function answered(...keys: QueryKey[]): () => QueryKey[] {
  const fresh = (key: QueryKey): unknown => client.setQueryData(key, {})
  keys.forEach(fresh)
  return () => {
    const found = keys.filter((key) => client.getQueryState(key)?.isInvalidated)
    found.forEach(fresh)
    return found
  }
}
function writing(collection: string, answer: object): ReturnType<typeof useWriting> {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(answer))))
  return createApp({}).use(VueQueryPlugin, { queryClient: client }).runWithContext(() => useWriting(collection))
}
const ACTIVITY = { id: 'a', version: 1, customer_id: 'c' }
const OVERVIEW: QueryKey = ['timeline', 'c', 'overview']
const TOLD: QueryKey = ['timeline', 'c', '']
const OTHER: QueryKey = ['timeline', 'other', '']

test('a customer’s page asks anew for its timeline and its figures, at once and when the events have come', () => {
  vi.useFakeTimers()
  const stale = answered(OVERVIEW, TOLD, OTHER)
  retell(client, ACTIVITY)
  expect(stale()).toEqual([OVERVIEW, TOLD])
  vi.advanceTimersByTime(1_000)
  expect(stale()).toEqual([OVERVIEW, TOLD])
  vi.advanceTimersByTime(2_000)
  expect(stale()).toEqual([OVERVIEW, TOLD])
  vi.advanceTimersByTime(60_000)
  expect(stale()).toEqual([])
})

test.each([
  [{ customer_id: null }, []],
  [{ customer_ids: ['c', 'd'] }, ['c', 'd']],
  [{ customer_id: 'c', customer_ids: ['c'] }, ['c']],
  [{ about: { type: 'customer', id: 'c' } }, ['c']],
  [{ about: { type: 'lead', id: 'd' } }, []],
  [{ about: null }, []],
])('a record with %j is told of on its own page and on those of %j', (named, customers) => {
  const stale = answered(['timeline', 'a'], ['timeline', 'c'], ['timeline', 'd'])
  retell(client, { id: 'a', ...named })
  expect(stale()).toEqual([['timeline', 'a'], ...customers.map((id) => ['timeline', id])])
})

test.each([
  ['created', (to: ReturnType<typeof useWriting>) => to.create({ subject: 'x' })],
  ['changed', (to: ReturnType<typeof useWriting>) => to.change(ACTIVITY, { subject: 'x' })],
  ['done', (to: ReturnType<typeof useWriting>) => to.verb('a', 'complete', {})],
  ['removed', (to: ReturnType<typeof useWriting>) => to.remove(ACTIVITY)],
  ['restored', (to: ReturnType<typeof useWriting>) => to.restore('a')],
])('an activity that was %s is news to its customer’s page and to its board', async (_, write) => {
  const stale = answered(OVERVIEW, TOLD, ['board', 'activities', 'planned'], OTHER, ['board', 'leads', 'new'])
  await write(writing('activities', ACTIVITY))
  expect(stale()).toEqual([OVERVIEW, TOLD, ['board', 'activities', 'planned']])
})

test('a removed record is not kept, and a restored one is as it came back', async () => {
  client.setQueryData(['record', 'activities', 'a'], ACTIVITY)
  const to = writing('activities', { ...ACTIVITY, version: 3 })
  await to.remove(ACTIVITY)
  expect(client.getQueryData(['record', 'activities', 'a'])).toBeUndefined()
  await to.restore('a')
  expect(client.getQueryData(['record', 'activities', 'a'])).toMatchObject({ version: 3 })
})

test('a notification about a record has its page ask for what was said there, too', () => {
  const stale = answered(['record', 'requests', 'r'], ['timeline', 'r', 'comments'], ['list', 'requests', {}], OTHER)
  lookAgain(client, '/requests/r?tab=conversation')
  expect(stale()).toEqual([['record', 'requests', 'r'], ['timeline', 'r', 'comments'], ['list', 'requests', {}]])
})
