import { expect, test } from 'vitest'
import { ApiError } from './errors'

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
