import { describe, expect, it } from 'vitest'
import { setLocale } from '../../i18n'
import { dueText, duration, remaining } from './clock'

describe('the clock of a request', () => {
  setLocale('en')

  it('speaks in the two units that matter', () => {
    expect(duration(2 * 86_400_000 + 3 * 3_600_000)).toBe('2 d 3 h')
    expect(duration(-(3_600_000 + 59_000))).toBe('1 h 0 min')
    expect(duration(61_000)).toBe('1 min 1 s')
  })

  it('turns at the limit', () => {
    const due = '2026-01-01T12:00:00Z'
    const at = Date.parse(due)
    expect(remaining(due, at - 60_000)).toMatchObject({ late: false, text: '1 min 0 s left' })
    expect(remaining(due, at + 1)).toMatchObject({ late: true })
  })

  it('stands still on hold and after the answer', () => {
    expect(dueText('2020-01-01T00:00:00Z', { status: 'on_hold' })).toMatchObject({ text: 'clock stopped' })
    expect(dueText('2020-01-01T00:00:00Z', { status: 'answered' })).toContain('2020')
    expect(dueText('2020-01-01T00:00:00Z', { status: 'created' })).toMatchObject({ tone: 'bad' })
  })
})
