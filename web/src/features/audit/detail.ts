import { label, t } from '../../i18n'
import { fieldOf, filterValue } from '../../records/fields'
import { nameOf } from '../../records/references'
import type { Schema } from '../../records/types'
import { word } from './words'

export interface Line {
  label: string
  value: string
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/
const RESOURCES: Record<string, string> = { from: 'org_unit', to: 'org_unit', unit_id: 'org_unit', to_unit_id: 'org_unit', units: 'org_unit', to_user_id: 'user', user_id: 'user', owner_id: 'user', manager_id: 'user' }

/** One value in words: names for ids, what is known by a word, the rest as it is. */
function said(name: string, value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'records.yes' : 'records.no')
  const text = String(value)
  const resource = RESOURCES[name]
  if (resource && UUID.test(text)) return nameOf(resource, text) ?? text
  return word(name, value) ?? text
}

/** `status__in=open` in words; `q` is what was searched for. */
function condition(name: string, value: string, schema: Schema | undefined): string {
  if (name === 'q') return `“${value}”`
  const [base = '', operator = ''] = name.split('__')
  const field = fieldOf(schema, base)
  const called = label(field?.label) || word('filter', base) || base
  if (operator === 'isnull') return `${called} ${t(value === 'true' ? 'records.op_isnull' : 'records.op_notnull')}`
  return `${called} ${t(`records.op_${operator}`)} ${field ? filterValue(field, value) : said(base, value)}`
}

const conditions = (query: object, schema: Schema | undefined): string =>
  Object.entries(query).map(([name, value]) => condition(name, String(value), schema)).join('；') || '—'

/** What else the log wrote down, in words; `schema` is that of the records which were exported. */
export function linesOf(detail: Record<string, unknown>, schema?: Schema): Line[] {
  return Object.entries(detail).map(([name, value]) => ({ label: word('detail', name) ?? name, value: shown(name, value, schema) }))
}

function shown(name: string, value: unknown, schema: Schema | undefined): string {
  if (value === null) return '—'
  if (name === 'fields' && Array.isArray(value)) return value.map((field) => label(fieldOf(schema, String(field))?.label) || String(field)).join('、')
  if (Array.isArray(value)) return value.map((one) => said(name, one)).join('、')
  if (typeof value !== 'object') return said(name, value)
  return name === 'filter' ? conditions(value, schema) : JSON.stringify(value)
}
