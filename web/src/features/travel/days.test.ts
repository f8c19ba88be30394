import { expect, test } from 'vitest'
import { daysBetween, nearest, today } from './days'

test('a span has both its ends, over months and a leap day', () => {
  expect(daysBetween('2024-02-28', '2024-03-01')).toEqual(['2024-02-28', '2024-02-29', '2024-03-01'])
  expect(daysBetween('2026-11-03', '2026-11-03')).toEqual(['2026-11-03'])
  expect(daysBetween('2026-11-03', '2026-11-02')).toEqual([])
})

test('the nearest day of a trip', () => {
  expect(nearest('2026-11-01', '2026-11-03', '2026-11-05')).toBe('2026-11-03')
  expect(nearest('2026-11-04', '2026-11-03', '2026-11-05')).toBe('2026-11-04')
  expect(nearest('2026-12-01', '2026-11-03', '2026-11-05')).toBe('2026-11-05')
})

test('today is a local date', () => {
  const now = new Date(2026, 10, 26, 0, 30)
  expect(today(now)).toBe('2026-11-26')
})
