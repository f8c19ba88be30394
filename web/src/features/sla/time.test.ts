import { beforeEach, expect, test } from 'vitest'
import { setLocale } from '../../i18n'
import { roundTheClock, spell } from './time'

beforeEach(() => setLocale('zh-CN'))

test.each<[number, string | null, string | undefined]>([
  [30, null, '30 分钟'],
  [120, null, '2 小时'],
  [2880, null, '2 天'],
  [2880, 'c1', '48 小时'],
  [0, null, undefined],
])('%d minutes by the calendar %s are %s', (minutes, calendar_id, words) => {
  expect(spell(minutes, { calendar_id })).toBe(words)
})

test('a policy without a calendar counts round the clock; one that names a calendar shows it', () => {
  expect([roundTheClock(null), roundTheClock('c1'), roundTheClock(undefined)]).toEqual(['全天候', undefined, undefined])
})
