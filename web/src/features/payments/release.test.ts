import { describe, expect, it } from 'vitest'
import { allocatedTo, refundable, releasable, released } from './release'

describe('taking an allocation back', () => {
  it('offers a receivable once, with all that the payment pays of it', () => {
    const parts = [{ receivable_id: 'a', amount: '10.10' }, { receivable_id: 'b', amount: '5.00' }, { receivable_id: 'a', amount: '0.20' }]
    expect([...allocatedTo(parts)]).toEqual([['a', 1030n], ['b', 500n]])
  })

  it('takes no more than is allocated, and nothing that is no amount', () => {
    expect(['', '10.30', '10.31', '1.005', '-1', 'x'].map((text) => releasable(text, 1030n))).toEqual([true, true, false, false, false, false])
  })

  it('sends the rows in which something is typed', () => {
    expect(released({ a: '10.3', b: '', c: '0' })).toEqual([{ receivable_id: 'a', amount: '10.30' }])
  })
})

describe('a refund', () => {
  it('begins with what is not allocated, if there is such', () => {
    expect(refundable({ amount: '12.50', currency: 'CNY' })).toBe('12.50')
    expect(refundable({ amount: '0.00', currency: 'CNY' })).toBeNull()
    expect(refundable(undefined)).toBeNull()
  })
})
