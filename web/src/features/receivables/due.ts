import { t } from '../../i18n'
import { date } from '../../i18n/format'
import type { Shown } from '../../records/screen'

const DAY_MS = 86_400_000
/** The list of what is still owed, the oldest first. */
export const STILL_OWED = { status__in: 'open,partly_paid,overdue', sort: 'due_on' }
/** What is owed past its day to the person: their own receivables and those of their customers. */
export const MY_OVERDUE = { mine: 'true', status__in: 'overdue', sort: 'due_on' }
const OPEN = new Set(['open', 'partly_paid', 'overdue'])

/** Whole days from today to a date in the reader's own calendar; negative when it has passed. */
export function daysUntil(day: string, now = new Date()): number {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())
  return Math.round((Date.parse(`${day.slice(0, 10)}T00:00:00Z`) - today) / DAY_MS)
}

/** Whole days since a due date; none before it has passed. */
export function daysLate(day: string, now = new Date()): number {
  return Math.max(0, -daysUntil(day, now))
}

/** The due date of a receivable, with the days that matter while money is still owed. */
export function dueText(value: unknown, record: Record<string, unknown>): Shown | undefined {
  if (typeof value !== 'string' || !OPEN.has(String(record.status))) return undefined
  const days = daysUntil(value)
  const shown = { date: date(value), n: Math.abs(days) }
  return days < 0 ? { text: t('receivables.overdue_days', shown), tone: 'late' } : days === 0 ? t('receivables.due_today', shown) : days <= 30 ? t('receivables.due_in', shown) : undefined
}
