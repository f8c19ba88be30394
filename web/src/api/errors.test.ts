import { expect, test } from 'vitest'
import { ApiError } from './errors'

const refused = new ApiError({
  status: 422, code: 'invalid', detail: '',
  errors: [['/amount/currency', 'no such currency'], ['/amount/amount', 'too small'], ['/custom/vip_no', 'taken'], ['/items', 'send them'], ['', 'not together']].map(([pointer = '', message = '']) => ({ pointer, code: 'invalid', message })),
})

test('a part of a field belongs to the field, whose first error is told', () => {
  expect(refused.byField()).toEqual({ amount: 'no such currency', 'custom.vip_no': 'taken', items: 'send them' })
})

test('what no field on the page is about is told in words', () => {
  expect(refused.elsewhere(['amount', 'custom.vip_no'])).toBe('send them not together')
  expect(refused.elsewhere(['amount'])).toBe('taken send them not together')
})

test.each([
  [422, 'invalid', true],
  [409, 'conflict', true],
  [409, 'key_in_use', false],
  [408, 'timeout', false],
  [503, 'unavailable', false],
  [0, 'unreachable', false],
])('%i %s is decided: %s', (status, code, decided) => {
  expect(new ApiError({ status, code, detail: '' }).decided).toBe(decided)
})
