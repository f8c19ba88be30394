import { beforeEach, expect, test } from 'vitest'
import { setLocale, type Locale } from '../../i18n'
import { clockTime, nextSpan, runs, weekText, WORKDAYS, type Hours } from './week'

const span = (weekday: number, opens: string, closes: string) => ({ weekday, opens, closes })
const OFFICE = [...WORKDAYS.flatMap((day) => [span(day, '13:00', '18:00'), span(day, '09:00', '12:00')]), span(6, '09:00', '12:00')]
beforeEach(() => setLocale('zh-CN'))

test.each<[Locale, string]>([
  ['zh-CN', '周一至周五 09:00–12:00, 13:00–18:00 · 周六 09:00–12:00'],
  ['en', 'Mon – Fri 09:00–12:00, 13:00–18:00 · Sat 09:00–12:00'],
])('the days that are worked are one line in %s', (locale, line) => {
  setLocale(locale)
  expect(weekText(OFFICE)).toBe(line)
})

test('days that are alike are together only where they follow each other', () => {
  expect(runs([span(1, '09:00', '18:00'), span(3, '09:00', '18:00')]).map(({ first, last, hours }) => [first, last, hours])).toEqual([
    [1, 1, '09:00–18:00'], [2, 2, ''], [3, 3, '09:00–18:00'], [4, 7, ''],
  ])
  expect([weekText([]), weekText(null)]).toEqual([undefined, undefined])
})

test.each([['9', '09:00'], ['915', '09:15'], ['9：15', '09:15'], [' 09:15 ', '09:15'], ['24', '24:00'], ['24:00', '24:00'], ['noon', 'noon'], ['9:1', '9:1']])('%j is the time %s', (typed, time) => {
  expect(clockTime(typed)).toBe(time)
})

test.each<[string, Hours[], string]>([
  ['the first hours of a day', [], '09:00–18:00'],
  ['those after a break', [span(1, '09:00', '12:00')], '13:00–18:00'],
  ['those until midnight', [span(1, '09:00', '20:30')], '21:30–24:00'],
  ['those of the night before', [span(1, '22:00', '24:00')], '00:00–06:00'],
])('%s are begun with', (_name, taken, hours) => {
  const { opens, closes } = nextSpan(taken)
  expect(`${opens}–${closes}`).toBe(hours)
})
