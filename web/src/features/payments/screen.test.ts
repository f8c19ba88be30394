import { expect, test } from 'vitest'
import screen from './screen'

test('this month is the month of the day on which the view is opened', () => {
  const query = screen.views?.find((view) => view.name === 'month')?.query
  expect(typeof query === 'function' && query(new Date(2026, 11, 1))).toEqual({ received_on__gte: '2026-12-01' })
})
