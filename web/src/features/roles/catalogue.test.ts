import { describe, expect, it } from 'vitest'
import { differences, keyOf, type Grant } from './catalogue'

const grant = (action: string, scope: string, unit_ids?: string[]): Grant => ({ resource: 'customer', action, scope, ...(unit_ids ? { unit_ids } : {}) })

describe('differences between two sets of grants', () => {
  it('counts what was added, taken away and changed', () => {
    const before = [grant('read', 'self'), grant('update', 'self'), grant('delete', 'self')]
    const after = [grant('read', 'company'), grant('update', 'self'), grant('create', 'self')]
    expect(differences(before, after, keyOf)).toBe(3)
  })

  it('takes neither the order of keys nor of grants for a change', () => {
    const before = [grant('read', 'self'), grant('update', 'unit')]
    const after: Grant[] = [{ scope: 'unit', resource: 'customer', action: 'update', unit_ids: [] }, { scope: 'self', action: 'read', resource: 'customer' }]
    expect(differences(before, after, keyOf)).toBe(0)
  })

  it('sees other units in the same scope', () => {
    expect(differences([grant('read', 'units', ['a'])], [grant('read', 'units', ['a', 'b'])], keyOf)).toBe(1)
  })
})
