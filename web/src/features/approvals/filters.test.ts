import { expect, test } from 'vitest'
import { setLocale } from '../../i18n'
import { operatorsOf, writeFilters } from '../../records/fields'
import type { Field, Schema } from '../../records/types'
import { conditionsIn, narrowing } from './filters'

const field = (name: string, type: Field['type']): Field => ({ name, type, filterable: true }) as unknown as Field
const schema = { fields: [field('title', 'text'), field('subject_type', 'text'), field('status', 'choice'), field('mine', 'choice'), field('created_at', 'datetime')] } as unknown as Schema

test('the inbox is narrowed by the kind of document, in words, and by what else is asked for there', () => {
  setLocale('zh-CN')
  const fields = narrowing(schema)?.fields ?? []
  expect(fields.map((one) => one.name)).toEqual(['subject_type', 'status', 'created_at'])
  expect(fields[0]?.options?.map((one) => [one.value, one.label.zh])).toEqual([['claim', '报销'], ['travel_plan', '出差'], ['order', '订单']])
  expect(operatorsOf(fields[0]!)[0]).toBe('in')
})

test('of an address the conditions are taken, not the tab, the search or the open document', () => {
  const query = { mine: 'all', q: '湖州', record: 'a1', subject_type__in: 'claim,order', created_at__gte: '2026-11-01T00:00:00Z', 'custom.x': '1' }
  expect(writeFilters(conditionsIn(query))).toEqual({ subject_type__in: 'claim,order', created_at__gte: '2026-11-01T00:00:00Z' })
})
