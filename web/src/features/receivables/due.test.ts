import { describe, expect, it } from 'vitest'
import { daysLate, daysUntil, dueText } from './due'

describe('days until a due date', () => {
  it('counts calendar days, whatever the hour', () => {
    expect(daysUntil('2026-03-02', new Date(2026, 2, 1, 23, 59))).toBe(1)
    expect(daysUntil('2026-03-02', new Date(2026, 2, 2, 0, 1))).toBe(0)
    expect(daysUntil('2026-02-28', new Date(2026, 2, 1, 12))).toBe(-1)
  })

  it('is late by as many days as the list says, from the first minute of the next day', () => {
    expect(daysLate('2026-03-01', new Date(2026, 2, 2, 0, 1))).toBe(1)
    expect(daysLate('2026-03-01', new Date(2026, 2, 3, 23, 59))).toBe(2)
    expect([daysLate('2026-03-02', new Date(2026, 2, 2, 12)), daysLate('2026-03-09', new Date(2026, 2, 2))]).toEqual([0, 0])
  })

  it('says nothing of what is settled', () => {
    expect(dueText('2020-01-01', { status: 'paid' })).toBeUndefined()
    expect(dueText('2020-01-01', { status: 'overdue' })).toMatchObject({ tone: 'late' })
  })
})
