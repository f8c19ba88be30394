import { expect, test } from 'vitest'
import { together, totals } from './stages'

test('sums are exact, and one for each currency', () => {
  expect(totals([{ amount: '0.10', currency: 'USD' }, { amount: '9007199254740993.01', currency: 'CNY' }, { amount: '0.20', currency: 'USD' }])).toEqual([
    { amount: '9007199254740993.01', currency: 'CNY' },
    { amount: '0.30', currency: 'USD' },
  ])
})

test('sums that are closed to the reader stay closed, and are not taken for nothing', () => {
  const open = [{ amount: '1.00', currency: 'CNY' }]
  expect([together([open, open]), together([open, null]), together([])]).toEqual([[{ amount: '2.00', currency: 'CNY' }], null, []])
})
