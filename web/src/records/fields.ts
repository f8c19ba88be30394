import { t, label } from '../i18n'
import * as format from '../i18n/format'
import { nameOf } from './references'
import type { Screen } from './screen'
import type { Field, FieldType, Schema } from './types'

export type Operator = '' | 'ne' | 'in' | 'gte' | 'lte' | 'contains' | 'isnull' | 'under'

/** A condition as the API writes it: `status__in=open,won`. */
export interface Filter {
  field: string
  operator: Operator
  value: string
}

const NUMBERS: FieldType[] = ['integer', 'number', 'decimal', 'money']
const TIMES: FieldType[] = ['date', 'datetime']
const REFS: FieldType[] = ['ref', 'user', 'customer']
const CHOICES: FieldType[] = ['choice']
const SEVERAL: FieldType[] = ['multi_choice', 'choices']

export const isNumber = (field: Field): boolean => NUMBERS.includes(field.type)
export const isTime = (field: Field): boolean => TIMES.includes(field.type)
export const isRef = (field: Field): boolean => REFS.includes(field.type) || field.resource === 'region'
export const isChoice = (field: Field): boolean => CHOICES.includes(field.type)

/** A value of it is several options; a condition is about one of them. */
export const isSeveral = (field: Field): boolean => SEVERAL.includes(field.type)

/** The resource that a reference points at. */
export function targetOf(field: Field): string {
  return field.resource ?? (field.type === 'user' || field.type === 'customer' ? field.type : '')
}

/** The operators that make sense for a field, the usual one first. */
export function operatorsOf(field: Field): Operator[] {
  if (isChoice(field)) return ['in', 'ne', 'isnull']
  if (field.resource === 'org_unit' && !field.custom) return ['under', '', 'isnull']
  if (field.resource === 'region') return ['under', 'in', 'ne', 'isnull']
  if (isRef(field)) return ['in', 'ne', 'isnull']
  if (isTime(field) || isNumber(field)) return ['gte', 'lte', '', 'isnull']
  if (field.type === 'boolean' || field.type === 'texts' || field.type === 'refs' || isSeveral(field)) return ['', 'isnull']
  if (field.type === 'id') return ['']
  if (field.type === 'file') return ['isnull']
  return ['contains', '', 'ne', 'isnull']
}

const RESERVED = new Set(['q', 'sort', 'record', 'view', 'tab', 'create', 'layout', 'cursor', 'limit', 'count', 'fields', 'to'])

/** The filters inside an address, in the order in which they stand there. */
export function readFilters(query: Record<string, unknown>): Filter[] {
  return Object.entries(query).flatMap(([name, value]) => {
    if (RESERVED.has(name) || typeof value !== 'string') return []
    const at = name.lastIndexOf('__')
    return [{ field: at > 0 ? name.slice(0, at) : name, operator: (at > 0 ? name.slice(at + 2) : '') as Operator, value }]
  })
}

export function writeFilters(filters: Filter[]): Record<string, string> {
  return Object.fromEntries(filters.map((filter) => [filter.field + (filter.operator && `__${filter.operator}`), filter.value]))
}

export function fieldOf(schema: Schema | undefined, name: string): Field | undefined {
  return schema?.fields.find((field) => field.name === name)
}

/** Whether the reader sees the values of a field as they are. */
export function seesValues(schema: Schema | undefined, name: string): boolean {
  return fieldOf(schema, name)?.masked === false
}

/** One value of a filter in words. */
export function filterValue(field: Field | undefined, value: string): string {
  if (!field) return value
  if (field.options) return value.split(',').map((one) => optionLabel(field, one)).join('、')
  if (isRef(field) || field.type === 'refs') return value.split(',').map((one) => nameOf(targetOf(field), one) ?? '…').join('、')
  if (field.type === 'boolean') return value === 'true' ? t('records.yes') : t('records.no')
  // An address can be written by hand: what is no time stays as it is.
  return isTime(field) && !Number.isNaN(Date.parse(value)) ? textOf(field, value) : value
}

export function optionLabel(field: Field, value: unknown): string {
  const option = field.options?.find((one) => one.value === value)
  return option ? label(option.label) : String(value ?? '')
}

/** A value as one line of text. */
export function textOf(field: Field, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  if (field.masked) return String(value)
  switch (field.type) {
    case 'money':
      return format.money(value as format.Money)
    case 'integer':
    case 'number':
    case 'decimal':
      return format.number(value as string)
    case 'boolean':
      return value ? t('records.yes') : t('records.no')
    case 'date':
      return format.date(String(value))
    case 'datetime':
      return format.moment(String(value))
    case 'refs':
      return (value as string[]).map((id) => nameOf(targetOf(field), id) ?? '…').join('、')
    case 'rows':
      return t('records.rows', { n: (value as unknown[]).length })
    case 'texts':
    case 'multi_choice':
    case 'choices':
      return (value as unknown[]).map((one) => optionLabel(field, one)).join('、')
    case 'file':
      return t('records.file')
    case 'object':
      return (value as { title?: string }).title ?? ''
  }
  if (isRef(field)) {
    const name = nameOf(targetOf(field), String(value))
    return name === undefined ? '…' : (name ?? t('records.out_of_sight'))
  }
  return field.options ? optionLabel(field, value) : String(value)
}

const GOOD = new Set(['active', 'won', 'paid', 'approved', 'answered', 'recovered', 'published', 'confirmed', 'delivered', 'done', 'settled', 'converted'])
const BAD = new Set(['lost', 'blocked', 'rejected', 'overdue', 'failed', 'cancelled', 'discarded', 'high', 'urgent', 'breached', 'written_off'])
const WARN = new Set(['warned', 'reprieved', 'returned', 'partly_paid', 'on_hold', 'dormant', 'medium', 'to_settle', 'key', 'converting'])
const INFO = new Set(['open', 'new', 'running', 'submitted', 'in_progress', 'assigned', 'created', 'working', 'planned'])

/** How loudly a choice's value speaks. */
export function toneOf(value: unknown): string {
  const text = String(value)
  if (GOOD.has(text)) return 'good'
  if (BAD.has(text)) return 'bad'
  if (WARN.has(text)) return 'warn'
  return INFO.has(text) ? 'info' : ''
}

/** Fields that an input alone can change, outside the form that surrounds them. */
export function plain(schema: Schema, form: Screen['form']): Field[] {
  return writable(schema, form?.hidden).filter((field) => !['rows', 'file', 'password'].includes(field.type) && !form?.inputs?.[field.name])
}

/** Fields that a form can fill; an object only where `drawn` says that somebody draws it. */
export function writable(schema: Schema, hidden: readonly string[] = [], drawn: readonly string[] = []): Field[] {
  return schema.fields.filter(
    (field) => !field.read_only && field.name !== 'custom' && (field.type !== 'object' || drawn.includes(field.name)) && !hidden.includes(field.name) && field.name !== 'allow_duplicate',
  )
}
