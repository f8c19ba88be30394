import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../api/errors'

const shelf = new Map<string, unknown>()
vi.mock('idb-keyval', () => ({
  createStore: () => ({}),
  set: async (key: string, value: unknown) => void shelf.set(key, structuredClone(value)),
  del: async (key: string) => void shelf.delete(key),
  entries: async () => [...shelf],
  clear: async () => shelf.clear(),
}))
const { drop, empty, flush, keep, openOutbox, retry, waiting } = await import('./outbox')

type Answer = 'taken' | ApiError
let answers: Answer[]
let sent: [string, unknown, string][]
let who: string
const told = vi.fn()
async function open(user = 'u1'): Promise<void> {
  who = user
  await openOutbox({
    user: () => who,
    send: async (path, body, key) => {
      sent.push([path, body, key])
      const answer = answers.shift() ?? 'taken'
      if (answer instanceof ApiError) throw answer
    },
    reason: (error) => error.message,
    sent: told,
  })
}
const gone = (): ApiError => new ApiError({ status: 0, code: 'unreachable', detail: '' })
beforeEach(() => {
  shelf.clear()
  answers = []
  sent = []
  told.mockClear()
})

test('what waits is sent once with its key, in the order in which it was written', async () => {
  await open()
  vi.useFakeTimers({ now: 1_000 })
  await keep('/interactions', { subject: 'first' }, 'z')
  vi.setSystemTime(2_000)
  await keep('/interactions', { subject: 'second' }, 'a')
  vi.useRealTimers()
  expect(sent).toEqual([])

  await flush()
  await flush()

  expect(sent).toEqual([['/interactions', { subject: 'first' }, 'z'], ['/interactions', { subject: 'second' }, 'a']])
  expect(told.mock.calls).toEqual([[2]])
  expect(waiting.value).toEqual([])
})

test('without a line everything stays, and is sent under the same key later', async () => {
  await open()
  await keep('/interactions', { subject: 'call' }, 'k')
  answers = [gone()]
  await flush()
  expect(waiting.value.map((entry) => entry.key)).toEqual(['k'])
  await flush()
  expect(sent.map(([, , key]) => key)).toEqual(['k', 'k'])
  expect(shelf.size).toBe(0)
})

test('one whose first sending is still worked on waits under its key', async () => {
  await open()
  await keep('/interactions', { subject: 'call' }, 'k')
  answers = [new ApiError({ status: 409, code: 'key_in_use', detail: 'ask again' })]
  await flush()
  expect(waiting.value[0]?.problem).toBeUndefined()
  await flush()
  expect(sent.map(([, , key]) => key)).toEqual(['k', 'k'])
})

test('a refused one is kept with its reason and not sent again by itself', async () => {
  await open()
  await keep('/interactions', { subject: 'call' }, 'k')
  answers = [new ApiError({ status: 422, code: 'invalid', detail: 'no such customer' })]
  await flush()
  await flush()
  expect(sent).toHaveLength(1)
  expect(waiting.value[0]?.problem).toBe('no such customer')

  const refused = waiting.value[0]
  if (refused) await retry(refused)
  expect(sent[1]?.[2]).not.toBe('k')
  expect(waiting.value).toEqual([])
})

test('nobody sends what another person wrote, and nothing stays after signing out', async () => {
  await open('u1')
  await keep('/interactions', { subject: 'mine' }, 'k')
  await open('u2')
  expect([sent, waiting.value]).toEqual([[], []])
  await open('u1')
  expect(sent).toHaveLength(1)

  await keep('/interactions', { subject: 'dropped' }, 'd')
  const entry = waiting.value[0]
  if (entry) await drop(entry)
  await keep('/interactions', { subject: 'left' }, 'l')
  await empty()
  expect(shelf.size).toBe(0)
})
