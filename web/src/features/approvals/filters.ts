import { i18n, t } from '../../i18n'
import { readFilters, type Filter } from '../../records/fields'
import type { Option, Schema } from '../../records/types'

/** What the inbox is narrowed by, besides whose turn it is. */
const BY = ['subject_type', 'status', 'requester_id', 'created_at', 'due_at']
const TYPES = ['claim', 'travel_plan', 'order']

export function typeName(type: string): string {
  return i18n.global.te(`approvals.type_${type}`) ? t(`approvals.type_${type}`) : type
}

/** The schema as far as the conditions offer it; the kinds of documents are known here, with their words. */
export function narrowing(schema: Schema | undefined): Schema | undefined {
  if (!schema) return undefined
  const options: Option[] = TYPES.map((value) => ({ value, label: { zh: typeName(value), en: typeName(value) } }))
  const fields = schema.fields.filter((field) => BY.includes(field.name))
  return { ...schema, fields: fields.map((field) => (field.name === 'subject_type' ? { ...field, type: 'choice', options } : field)) }
}

/** The conditions that stand in an address. */
export function conditionsIn(query: Record<string, unknown>): Filter[] {
  return readFilters(query).filter(({ field }) => BY.includes(field))
}
