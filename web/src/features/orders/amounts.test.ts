import { describe, expect, it } from 'vitest'
import { amountsOf, bodyOf, cents, placed, reductionOf, scaled, sum } from './amounts'

describe('amounts of order lines', () => {
  it('rounds net and tax half up, each by itself', () => {
    expect(amountsOf({ quantity: '3', price: '0.35', discount: '50', tax_rate: '13' })).toEqual({ net: 53n, tax: 7n, total: 60n })
    expect(amountsOf({ quantity: '0.001', price: '5.00' })).toEqual({ net: 1n, tax: 0n, total: 1n })
  })

  it('is exact where floats are not', () => {
    expect(cents(amountsOf({ quantity: '1.015', price: '1.00' })?.net ?? 0n)).toBe('1.02')
    expect(amountsOf({ quantity: '1', price: '1.005' })).toBeUndefined()
  })

  it('adds up what can be priced', () => {
    const lines = [{ quantity: '2', price: '100.00', tax_rate: '13' }, { quantity: '', price: '7' }]
    expect(sum(lines)).toEqual({ net: 20000n, tax: 2600n, total: 22600n })
  })

  it('measures the reduction by the list price', () => {
    expect(reductionOf({ price: '80', discount: '10', list_price: '100' })).toBeCloseTo(28)
    expect(reductionOf({ price: '120', discount: '0', list_price: '100' })).toBe(0)
    expect(reductionOf({ price: '80', discount: '15' })).toBe(15)
  })

  it('finds the line that an error is about among blank ones', () => {
    expect(placed([{ quantity: '1' }, { name: 'Work' }], { '/lines/0/price': 'x', '/lines': 'y' })).toEqual({ '/lines/1/price': 'x', '/lines': 'y' })
  })

  it('sends only what somebody filled in', () => {
    expect(bodyOf([{ quantity: '1' }, { name: 'Work', quantity: '1', price: '5', discount: null }])).toEqual([{ name: 'Work', quantity: '1', price: '5' }])
    expect(scaled('12.', 2)).toBe(1200n)
  })
})
