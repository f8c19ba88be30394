import { describe, expect, it } from 'vitest'
import type { Schema } from '../../records/types'
import { fromSchema, incomplete } from './definitions'

describe('definitions read off a schema', () => {
  it('takes custom fields alone, with their key and options', () => {
    const base = { group: 'custom', required: true, read_only: false, masked: false, multiline: false, longest: null, resource: null, filterable: true, sortable: false }
    const schema = { fields: [
      { ...base, name: 'name', label: { zh: '名称', en: 'Name' }, type: 'text', options: null, custom: false },
      { ...base, id: 'f1', name: 'custom.size', label: { zh: '规模', en: 'Size' }, type: 'choice', options: [{ value: 's', label: { zh: '小', en: 'Small' } }], custom: true },
    ] } as unknown as Schema
    expect(fromSchema(schema)).toEqual([{ id: 'f1', unit_id: null, key: 'size', label_zh: '规模', label_en: 'Size', kind: 'choice', options: [{ value: 's', label: ['小', 'Small'] }], required: true, position: 0, active: true }])
  })
})

describe('options that cannot be saved', () => {
  it('names the first incomplete one', () => {
    expect(incomplete([])).toBe(0)
    expect(incomplete([{ value: 'a', label: ['甲', 'A'] }, { value: 'b', label: ['乙', ' '] }])).toBe(2)
    expect(incomplete([{ value: 'a', label: ['甲', 'A'] }])).toBeNull()
  })
})
