import { expect, test } from 'vitest'
import { KINDS } from '../features/fields/definitions'
import { messagesOf } from './index'
import type { Texts } from './define'

interface Api {
  components: { schemas: Record<string, { properties?: Record<string, { enum?: (string | null)[] }> }> }
  paths: Record<string, { get?: { parameters?: { name: string; schema?: { enum?: string[] } }[] } }>
}
const modules = import.meta.glob<{ default: Texts }>('../**/texts.ts', { eager: true })
const sources = import.meta.glob<string>('../**/*.{vue,ts}', { eager: true, query: '?raw', import: 'default' })
const described = import.meta.glob<string>('../../openapi.json', { eager: true, query: '?raw', import: 'default' })
const api = JSON.parse(Object.values(described)[0] ?? '{}') as Api
const known = new Set(Object.entries(messagesOf(modules, 0)).flatMap(([area, texts]) => Object.keys(texts).map((name) => `${area}.${name}`)))

const of = (schema: string, field: string): string[] => (api.components.schemas[schema]?.properties?.[field]?.enum ?? []).filter((value) => value !== null)
const asked = (path: string, name: string): string[] => api.paths[path]?.get?.parameters?.find((one) => one.name === name)?.schema?.enum ?? []

/** Texts that end on a value of the API, and every value that it has. What `/schema` labels is not among them: show its label. */
const ENDINGS: Record<string, string[]> = {
  'approvals.type_': of('ApprovalFlow', 'subject_type'),
  'fields.kind_': [...KINDS],
  'flows.error_': ['user', 'role'],
  'flows.rule_': of('Step', 'rule'),
  'leads.kind_': ['customer', 'lead'],
  'orders.approval_': of('Order', 'approval_status'),
  'records.op_': ['', 'ne', 'in', 'gte', 'lte', 'contains', 'isnull', 'under'],
  'regions.': asked('/regions', 'level'),
  'regions.level_': asked('/regions', 'level'),
  'webhooks.call_': asked('/webhooks/{webhook_id}/deliveries', 'status'),
}

test.each(Object.entries(ENDINGS))('%s has a text for every value', (beginning, values) => {
  expect(values.length).toBeGreaterThan(1)
  expect(values.map((value) => beginning + value).filter((key) => !known.has(key))).toEqual([])
})

test('a text that ends on a value of the API is one of these', () => {
  const fields = Object.values(api.components.schemas).flatMap((schema) => Object.entries(schema.properties ?? {}).filter(([, field]) => field.enum).map(([name]) => name))
  const valued = new Set([...fields, 'level'])
  const others = Object.entries(sources).flatMap(([path, text]) =>
    [...text.matchAll(/\bt\(`([a-z_]+\.[\w-]*)\$\{[^}]*\.(\w+)\}/g)]
      .filter(([, beginning, field]) => valued.has(field ?? '') && !((beginning ?? '') in ENDINGS))
      .map(([found]) => `${path}: ${found}`),
  )
  expect(others).toEqual([])
})
