import type { Label } from '../../i18n'
import type { Money } from '../../i18n/format'

export interface Column { key: string; label: Label; kind: 'group' | 'count' | 'money' | 'number' | 'percent' }
export interface Described { name: string; label: Label; parameters: { name: string; label: Label }[]; groups: { value: string; label: Label }[]; columns: Column[] }
export interface Line { group: string | null; name: string | null; currency?: string | null; [column: string]: unknown }
export interface Report { report: string; label: Label; group_by: string; columns: Column[]; rows: Line[]; rest: Line[]; totals: Line[] }

export type Period = 'all' | 'month' | 'last_month' | 'quarter' | 'year' | 'twelve' | 'own'
export const PERIODS: Period[] = ['month', 'last_month', 'quarter', 'year', 'twelve', 'all', 'own']

const day = (year: number, month: number): string => {
  const at = new Date(Date.UTC(year, month, 1))
  return at.toISOString().slice(0, 10)
}

/** The first and last month of a period, as first days; nothing for all time. */
export function monthsOf(period: Period, today: Date): { from?: string; to?: string } {
  const [year, month] = [today.getFullYear(), today.getMonth()]
  switch (period) {
    case 'month':
      return { from: day(year, month), to: day(year, month) }
    case 'last_month':
      return { from: day(year, month - 1), to: day(year, month - 1) }
    case 'quarter':
      return { from: day(year, month - (month % 3)), to: day(year, month) }
    case 'year':
      return { from: day(year, 0), to: day(year, month) }
    case 'twelve':
      return { from: day(year, month - 11), to: day(year, month) }
    default:
      return {}
  }
}

/** The last day of the month that a day lies in. */
export function endOf(first: string): string {
  const [year = 0, month = 1] = first.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}

interface Source { collection: string; resource: string; fields: Record<string, string>; /** The field whose month a record is counted in. */ time: string; always?: Record<string, string> }

/** The figures' months begin and end here, wherever the reader is. */
const BOOKS_ZONE = '+08:00'

/** Which records a report counts, and the field of theirs that each group stands for. */
const SOURCES: Record<string, Source> = {
  contribution: { collection: 'orders', resource: 'order', fields: { company: 'unit_id__under', unit: 'unit_id', owner: 'owner_id__in', customer: 'customer_id__in' }, time: 'ordered_on', always: { confirmed_at__isnull: 'false' } },
  composition: { collection: 'customers', resource: 'customer', fields: { kind: 'kind__in', relation: 'relation__in', status: 'status__in', industry: 'industry__in', level: 'level__in', company: 'unit_id__under', unit: 'unit_id', owner: 'owner_id__in', region: 'region_code__in' }, time: 'created_at' },
  service: { collection: 'requests', resource: 'request', fields: { kind: 'kind__in', company: 'unit_id__under', unit: 'unit_id', owner: 'owner_id__in', customer: 'customer_id__in' }, time: 'created_at' },
  churn: { collection: 'churn-cases', resource: 'churn_case', fields: { status: 'status__in', company: 'unit_id__under', unit: 'unit_id', owner: 'owner_id__in' }, time: 'warned_at' },
  funnel: { collection: 'opportunities', resource: 'opportunity', fields: { stage: 'stage__in', company: 'unit_id__under', unit: 'unit_id', owner: 'owner_id__in', customer: 'customer_id__in' }, time: 'created_at' },
}

export const sourceOf = (report: string): Source | undefined => SOURCES[report]

export interface Narrowed { from?: string; to?: string; unit_id?: string; owner_id?: string; region_code?: string; level?: string }

/**
 * The list behind one line of a report: the records of its group within the period and unit asked for; null where the
 * records have no such field. Conditions that the records cannot express (a customer's level or region, of orders) have
 * no list.
 */
export function drill(report: string, group: string, value: string | null, narrowed: Narrowed): { path: string; query: Record<string, string> } | null {
  const source = SOURCES[report]
  if (!source) return null
  const { fields, time } = source
  const query: Record<string, string> = { ...source.always }
  let { from, to } = narrowed
  if ((narrowed.level && !fields.level) || (narrowed.region_code && !fields.region)) return null
  if (group === 'month') {
    if (!value) return null
    from = to = value
  } else {
    const field = fields[group]
    if (!field) return null
    if (value === null) query[`${field.split('__')[0]}__isnull`] = 'true'
    else query[field] = value
  }
  if (narrowed.unit_id && !Object.keys(query).some((name) => name.startsWith('unit_id'))) query.unit_id__under = narrowed.unit_id
  if (narrowed.owner_id && !Object.keys(query).some((name) => name.startsWith('owner_id'))) query.owner_id__in = narrowed.owner_id
  if (narrowed.level && !query.level__in) query.level__in = narrowed.level
  // The line of a region lies within the one that was asked for.
  if (narrowed.region_code && group !== 'region') query.region_code__under = narrowed.region_code
  const instant = time.endsWith('_at')
  if (from) query[`${time}__gte`] = instant ? `${from}T00:00:00${BOOKS_ZONE}` : from
  if (to) query[`${time}__lte`] = instant ? `${endOf(to)}T23:59:59${BOOKS_ZONE}` : endOf(to)
  return { path: `/${source.collection}`, query }
}

/** What a chart begins with: money as far as there is any; a column that is closed to the reader has no figure to draw. */
export function measureOf(columns: Column[], rows: Line[]): Column | undefined {
  const drawn = columns.filter((column) => rows.some((line) => figure(line[column.key]) !== null))
  return drawn.find((column) => column.kind === 'money') ?? drawn[0] ?? columns[0]
}

/** A figure for drawing; null where there is none. */
export function figure(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null
  const plain = typeof value === 'object' ? (value as Money).amount : value
  const found = Number(plain)
  return Number.isFinite(found) ? found : null
}
