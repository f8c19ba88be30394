import { expect, test } from 'vitest'
import { converted, isMore, sum } from './decimal'
import { cityTier, limitsOf, type Policy, type Spending } from './limits'

test('an amount is converted to the cent, half up', () => {
  expect(converted('100', '7.1205')).toBe('712.05')
  expect(converted('0.05', '0.1')).toBe('0.01')
  expect(converted('1', '0.0049')).toBe('0.00')
  expect(converted('', '7')).toBeUndefined()
  expect(converted('12e3', '1')).toBeUndefined()
})

test('sums are exact where floats are not', () => {
  expect(sum(['0.10', '0.20'])).toBe('0.30')
  expect(sum(['9007199254740993.01', '0.01'])).toBe('9007199254740993.02')
  expect(sum(['12', undefined, 'x'])).toBe('12.00')
  expect(isMore('400.01', '400')).toBe(true)
  expect(isMore('400.00', '400')).toBe(false)
})

test('cities have tiers', () => {
  expect(cityTier('310115')).toBe('1')
  expect(cityTier('320106')).toBe('2')
  expect(cityTier('320500')).toBe('3')
  expect(cityTier(null)).toBe('3')
})

const policy = (amount: string, more: Partial<Policy> = {}): Policy => ({ id: amount, unit_id: 'company', category_id: 'lodging', city_tier: null, grade: null, limit_per_day: { amount, currency: 'CNY' }, ...more })
const night = (converted: string, more: Partial<Spending> = {}): Spending => ({ category_id: 'lodging', on: '2026-11-03', region_code: '310100', converted, ...more })
const depth = (unit: string | null): number => ({ group: 1, company: 2, other: -1 })[unit ?? ''] ?? -1

test('the day’s sum is held against the most exact policy of the nearest unit', () => {
  const policies = [policy('900', { unit_id: 'group', city_tier: '1' }), policy('300'), policy('500', { city_tier: '1' }), policy('5000', { unit_id: 'other' })]
  expect(limitsOf([night('300'), night('250')], policies, 'CNY', depth)).toEqual([
    { limit: '500', spent: '550.00', over: true, graded: false },
    { limit: '500', spent: '550.00', over: true, graded: false },
  ])
  expect(limitsOf([night('300', { region_code: null })], policies, 'CNY', depth)[0]).toMatchObject({ limit: '300', over: false })
})

test('other currencies, categories and roles limit nothing, but roles are told', () => {
  expect(limitsOf([night('300')], [policy('1', { grade: 'executive' })], 'CNY', depth)).toEqual([null])
  expect(limitsOf([night('300')], [policy('1')], 'USD', depth)).toEqual([null])
  expect(limitsOf([night('300')], [policy('200'), policy('800', { grade: 'executive' })], 'CNY', depth)[0]).toMatchObject({ limit: '200', graded: true })
})
