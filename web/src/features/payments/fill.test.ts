import { describe, expect, it } from 'vitest'
import { oldestFirst } from './fill'

const owed = [{ id: 'a', outstanding: 100n }, { id: 'b', outstanding: 50n }, { id: 'c', outstanding: 70n }]

describe('allocating a payment', () => {
  it('pays the oldest first and leaves out what it does not reach', () => {
    expect(oldestFirst(120n, owed)).toEqual({ a: 100n, b: 20n })
  })

  it('begins with the receivable somebody came from', () => {
    expect(oldestFirst(120n, owed, 'c')).toEqual({ c: 70n, a: 50n })
  })

  it('keeps what is left over, and does nothing without money', () => {
    expect(oldestFirst(1000n, owed)).toEqual({ a: 100n, b: 50n, c: 70n })
    expect(oldestFirst(0n, owed)).toEqual({})
  })
})
