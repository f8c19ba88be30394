import { expect, test } from 'vitest'
import { setLocale, type Locale } from '.'
import { dayAndTime, moment } from './format'

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
