import { expect, test, vi } from 'vitest'
import { ApiError } from '../api/errors'
import { useAttempt, useKept } from './attempt'

const refusal = (pointer: string): ApiError => new ApiError({ status: 422, code: 'invalid', detail: 'no', errors: [{ pointer, code: 'invalid', message: 'too long' }] })

test('an error is shown at its field, or as a sentence when the field is not on the page', async () => {
  const { attempt, errors, general } = useAttempt(() => ['name'])
  await attempt(() => Promise.reject(refusal('/name')))
  expect([errors.value, general.value]).toEqual([{ name: 'too long' }, ''])
  await attempt(() => Promise.reject(refusal('/phone')))
  expect(general.value).toBe('too long')
  await attempt(() => Promise.resolve())
  expect([errors.value, general.value]).toEqual([{}, ''])
})

test('what is wrong at a field and what is wrong elsewhere are both said, each in its place', async () => {
  const { attempt, errors, general } = useAttempt(() => ['name'])
  const at = (pointer: string, message: string) => ({ pointer, code: 'invalid', message })
  await attempt(() => Promise.reject(new ApiError({ status: 422, code: 'invalid', detail: 'no', errors: [at('/name', 'too long'), at('/items', 'send the items'), at('/items/0', 'send the items')] })))
  expect([errors.value.name, general.value]).toEqual(['too long', 'send the items'])
})

test('a second press while the first is under way does nothing', async () => {
  const { attempt, busy } = useAttempt()
  let end: () => void = () => undefined
  const work = vi.fn(() => new Promise<void>((done) => (end = done)))
  const first = attempt(work)
  await attempt(work)
  expect([work.mock.calls.length, busy.value]).toEqual([1, true])
  end()
  await first
  expect(busy.value).toBe(false)
})

test('what is sent stays the same until the server has decided, and is made anew after that', async () => {
  let made = 0
  const { once, forget } = useKept(() => ++made)
  const sent: number[] = []
  const press = (error?: unknown): Promise<void> => once((kept) => { sent.push(kept); return error ? Promise.reject(error) : Promise.resolve() }).catch(() => undefined)
  await press(new ApiError({ status: 503, code: 'busy', detail: '' }))
  await press(new ApiError({ status: 0, code: 'unreachable', detail: '' }))
  await press(refusal('/name'))
  await press()
  await press()
  forget()
  await press()
  expect(sent).toEqual([1, 1, 1, 2, 2, 3])
})
