import { expect, test } from 'vitest'
import type { components, operations } from '../api/schema'
import declarations from '../api/schema.d.ts?raw'
import { KINDS } from '../features/fields/definitions'
import { messagesOf } from './index'
import type { Texts } from './define'

type Named = components['schemas']
type Level = NonNullable<NonNullable<operations['regions_list_regions']['parameters']['query']>['level']>
type Call = NonNullable<NonNullable<operations['webhook verbs_list_deliveries']['parameters']['query']>['status']>
const modules = import.meta.glob<{ default: Texts }>('../**/texts.ts', { eager: true })
const sources = import.meta.glob<string>('../**/*.{vue,ts}', { eager: true, query: '?raw', import: 'default' })
const known = new Set(Object.entries(messagesOf(modules, 0)).flatMap(([area, texts]) => Object.keys(texts).map((name) => `${area}.${name}`)))

/** The values of a type: the compiler asks for each of them. */
const values = <Value extends string>(all: Record<Value, true>): string[] => Object.keys(all)
const LEVELS = values<Level>({ province: true, city: true, county: true })

/** Texts that end on a value of the API, and every value that it has. What `/schema` labels is not among them: show its label. */
const ENDINGS: Record<string, string[]> = {
  'approvals.type_': values<Named['ApprovalFlow']['subject_type']>({ claim: true, travel_plan: true, order: true }),
  'fields.kind_': [...KINDS],
  'flows.error_': ['user', 'role'],
  'flows.rule_': values<NonNullable<Named['Step']['rule']>>({ all: true, any: true }),
  'leads.kind_': ['customer', 'lead'],
  'orders.approval_': values<NonNullable<Named['Order']['approval_status']>>({ pending: true, approved: true, rejected: true, returned: true, withdrawn: true }),
  'records.op_': ['', 'ne', 'in', 'gte', 'lte', 'contains', 'isnull', 'under'],
  'regions.': LEVELS,
  'regions.level_': LEVELS,
  'webhooks.call_': values<Call>({ pending: true, sent: true, failed: true }),
}

test.each(Object.entries(ENDINGS))('%s has a text for every value', (beginning, values) => {
  expect(values.length).toBeGreaterThan(1)
  expect(values.map((value) => beginning + value).filter((key) => !known.has(key))).toEqual([])
})

test('a text that ends on a value of the API is one of these', () => {
  const fields = [...declarations.matchAll(/^ +(?:readonly )?(\w+)\??: "[^"]*"(?: \||;)/gm)].map(([, name]) => name)
  expect(fields).toContain('approval_status')
  const valued = new Set([...fields, 'level'])
  const others = Object.entries(sources).flatMap(([path, text]) =>
    [...text.matchAll(/\bt\(`([a-z_]+\.[\w-]*)\$\{[^}]*\.(\w+)\}/g)]
      .filter(([, beginning, field]) => valued.has(field ?? '') && !((beginning ?? '') in ENDINGS))
      .map(([found]) => `${path}: ${found}`),
  )
  expect(others).toEqual([])
})
