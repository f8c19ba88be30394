import { describe, expect, it } from 'vitest'
import { drill, endOf, figure, measureOf, monthsOf, type Column } from './report'

describe('periods', () => {
  it('counts from the month of the day, across the year', () => {
    const today = new Date(2026, 0, 31)
    expect(monthsOf('last_month', today)).toEqual({ from: '2025-12-01', to: '2025-12-01' })
    expect(monthsOf('twelve', today)).toEqual({ from: '2025-02-01', to: '2026-01-01' })
    expect(monthsOf('quarter', new Date(2026, 10, 5))).toEqual({ from: '2026-10-01', to: '2026-11-01' })
    expect(monthsOf('all', today)).toEqual({})
  })

  it('knows the last day of a month', () => {
    expect(endOf('2028-02-01')).toBe('2028-02-29')
    expect(endOf('2026-12-01')).toBe('2026-12-31')
  })
})

describe('the list behind a line', () => {
  it('keeps the group, the period and the unit', () => {
    expect(drill('contribution', 'owner', 'u1', { from: '2026-01-01', to: '2026-03-01', unit_id: 'n' })).toEqual({ path: '/orders', query: { confirmed_at__isnull: 'false', owner_id__in: 'u1', unit_id__under: 'n', ordered_on__gte: '2026-01-01', ordered_on__lte: '2026-03-31' } })
  })

  it('lets the group’s own unit stand in for the wider one', () => {
    expect(drill('service', 'company', 'c', { unit_id: 'n' })?.query).toEqual({ unit_id__under: 'c' })
  })

  it('is the month itself for a month', () => {
    expect(drill('contribution', 'month', '2026-02-01', {})?.query).toEqual({ confirmed_at__isnull: 'false', ordered_on__gte: '2026-02-01', ordered_on__lte: '2026-02-28' })
    expect(drill('funnel', 'month', '2026-02-01', {})?.query).toEqual({ created_at__gte: '2026-02-01T00:00:00+08:00', created_at__lte: '2026-02-28T23:59:59+08:00' })
  })

  it('asks for the empty field where the group is empty', () => {
    expect(drill('composition', 'level', null, {})?.query).toEqual({ level__isnull: 'true' })
  })

  it('is nowhere when the records have no such field', () => {
    expect(drill('contribution', 'region', '110000', {})).toBeNull()
    expect(drill('contribution', 'owner', 'u1', { level: 'A' })).toBeNull()
    expect(drill('contribution', 'owner', 'u1', { region_code: '110101' })).toBeNull()
  })

  it('keeps the region with all below it, unless the line is one of them', () => {
    expect(drill('composition', 'kind', 'company', { region_code: '110000' })?.query).toEqual({ kind__in: 'company', region_code__under: '110000' })
    expect(drill('composition', 'region', '110101', { region_code: '110000' })?.query).toEqual({ region_code__in: '110101' })
  })
})

describe('figures', () => {
  it('draws money first, and no column that is closed to the reader', () => {
    const column = (key: string, kind: Column['kind']): Column => ({ key, kind, label: { zh: key, en: key } })
    const columns = [column('count', 'count'), column('amount', 'money')]
    const line = { group: 'a', name: 'a', count: 2 }
    expect(measureOf(columns, [{ ...line, amount: { amount: '1.00', currency: 'CNY' } }])?.key).toBe('amount')
    expect(measureOf(columns, [{ ...line, amount: null }])?.key).toBe('count')
    expect(measureOf(columns, [line])?.key).toBe('count')
    expect(measureOf(columns, [])?.key).toBe('count')
  })

  it('reads money, text and nothing', () => {
    expect([figure({ amount: '12.50', currency: 'CNY' }), figure('3.4'), figure(7), figure(null)]).toEqual([12.5, 3.4, 7, null])
  })
})
