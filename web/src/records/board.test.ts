import { expect, test } from 'vitest'
import { allows, narrowed } from './board'

test.each([
  [{}, true],
  [{ status: 'won' }, true],
  [{ status: 'open' }, false],
  [{ status__in: 'lost,won' }, true],
  [{ status__in: 'open,lost' }, false],
  [{ status__ne: 'won' }, false],
  [{ status__in: 'won', status: 'open' }, false],
  [{ stage: 'open' }, true],
] as [Record<string, string>, boolean][])('%j leaves room for a won deal: %s', (query, room) => {
  expect(allows(query, 'status', 'won')).toBe(room)
})

test('a column that the conditions exclude shows no figures, for there are no cards under it', () => {
  const columns = [{ value: 'new', label: 'New', count: 7 }, { value: 'converted', label: 'Converted', count: 120, sums: [{ amount: '9.00', currency: 'CNY' }] }]
  expect(narrowed(columns, 'status', { status__in: 'new,working', q: 'tree' })).toEqual([
    { value: 'new', label: 'New', count: 7 },
    { value: 'converted', label: 'Converted', count: 0, sums: [] },
  ])
})
