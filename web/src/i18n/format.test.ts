import { expect, test } from 'vitest'
import { setLocale, type Locale } from '.'
import { dayAndTime, moment, sums } from './format'

const FIVE_PAST_MIDNIGHT = new Date(2026, 10, 26, 0, 5).toISOString()
const AFTERNOON = new Date(2026, 10, 26, 14, 0).toISOString()

test.each<[Locale, string, string]>([
  ['zh-CN', '2026/11/26 00:05', '11/26 00:05'],
  ['en', '11/26/2026, 00:05', '11/26, 00:05'],
])('the day begins at 00 in %s, whether the year is shown or not', (locale, full, short) => {
  setLocale(locale)
  expect([moment(FIVE_PAST_MIDNIGHT), dayAndTime(FIVE_PAST_MIDNIGHT)]).toEqual([full, short])
})

test.each<[Locale, string]>([['zh-CN', '11/26 14:00'], ['en', '11/26, 14:00']])('day and time without the year are whole in %s', (locale, short) => {
  setLocale(locale)
  expect([dayAndTime(AFTERNOON), dayAndTime(null)]).toEqual([short, ''])
})

test('sums that are closed to the reader are a dash, not an empty sum', () => {
  setLocale('zh-CN')
  expect(sums([{ amount: '1.00', currency: 'CNY' }, { amount: '2.50', currency: 'USD' }])).toBe('¥1.00 · $2.50')
  expect([sums([]), sums(null), sums(undefined)]).toEqual(['', '—', '—'])
})
