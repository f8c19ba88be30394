import { describe, expect, it } from 'vitest'
import { blocksOf, byDay, moved, spanOf, type Timed } from './layout'
import { addMonths, dayKey, fromKey, weekStart } from './times'

const at = (day: number, hour: number, minute = 0): string => new Date(2026, 10, day, hour, minute).toISOString()
const item = (id: string, starts_at: string | null, due_at: string | null = null): Timed => ({ id, starts_at, due_at })
const day = new Date(2026, 10, 26)

describe('the days of a calendar', () => {
  it('begin their week on Monday', () => {
    expect(dayKey(weekStart(new Date(2026, 10, 29)))).toBe('2026-11-23')
    expect(dayKey(weekStart(new Date(2026, 10, 23)))).toBe('2026-11-23')
  })
  it('stay inside a shorter month', () => expect(dayKey(addMonths(new Date(2026, 0, 31), 1))).toBe('2026-02-28'))
  it('are no days when they do not exist', () => expect(fromKey('2026-02-30')).toBeNull())
})

describe('blocks', () => {
  it('stand side by side only while they overlap', () => {
    const found = blocksOf([item('a', at(26, 9), at(26, 11)), item('b', at(26, 10), at(26, 12)), item('c', at(26, 14), at(26, 15))], day)
    expect(found.map((one) => [one.item.id, one.lane, one.lanes])).toEqual([['a', 0, 2], ['b', 1, 2], ['c', 0, 1]])
  })
  it('take up a lane again that has become free', () => {
    const found = blocksOf([item('a', at(26, 9), at(26, 12)), item('b', at(26, 9), at(26, 10)), item('c', at(26, 10), at(26, 11))], day)
    expect(found.map((one) => [one.item.id, one.lane, one.lanes])).toEqual([['a', 0, 2], ['b', 1, 2], ['c', 1, 2]])
  })
  it('are cut at midnight', () => {
    const night = item('n', at(25, 22), at(26, 1))
    expect(blocksOf([night], day).map((one) => [one.top, one.length])).toEqual([[0, 60]])
    expect(blocksOf([night], new Date(2026, 10, 25)).map((one) => [one.top, one.length])).toEqual([[22 * 60, 120]])
  })
  it('end at the deadline when that is all there is', () => {
    expect(spanOf(item('d', null, at(26, 18)))).toMatchObject({ deadline: true, to: new Date(2026, 10, 26, 18) })
    expect(spanOf(item('x', null, null))).toBeNull()
  })
})

describe('a move', () => {
  it('keeps the length and leaves out what is not given', () => {
    expect(moved(item('a', at(26, 9), at(26, 10)), 1, -30)).toEqual({ starts_at: at(27, 8, 30), due_at: at(27, 9, 30) })
    expect(moved(item('a', null, at(26, 10)), 0, 15)).toEqual({ starts_at: null, due_at: at(26, 10, 15) })
  })
})

it('a day lists its activities by time', () => {
  const days = byDay([item('b', at(26, 11)), item('a', at(26, 9)), item('c', null, at(27, 9))])
  expect([...days].map(([key, list]) => [key, list.map((one) => one.id)])).toEqual([['2026-11-26', ['a', 'b']], ['2026-11-27', ['c']]])
})
