import { locale } from '../../i18n'

/** Days and hours as the person's own clock shows them; instants travel as RFC 3339 in UTC. */
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

export function dayStart(day: Date): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate())
}

/** Calendar days, not multiples of 24 hours: a day may have 23 or 25. */
export function addDays(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count, day.getHours(), day.getMinutes())
}

export function addMonths(day: Date, count: number): Date {
  const first = new Date(day.getFullYear(), day.getMonth() + count, 1)
  const last = new Date(first.getFullYear(), first.getMonth() + 1, 0).getDate()
  return new Date(first.getFullYear(), first.getMonth(), Math.min(day.getDate(), last))
}

/** The Monday on or before. */
export function weekStart(day: Date): Date {
  return addDays(dayStart(day), -((day.getDay() + 6) % 7))
}

/** `2026-11-26` in local time, as it stands in an address. */
export function dayKey(day: Date): string {
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
}

export function fromKey(key: string): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key)
  if (!parts) return null
  const day = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))
  return dayKey(day) === key ? day : null
}

/** `09:05`. */
export function clockOf(moment: Date): string {
  return `${String(moment.getHours()).padStart(2, '0')}:${String(moment.getMinutes()).padStart(2, '0')}`
}

/** The weekday's short name in the language of the page. */
export function weekdayOf(day: Date): string {
  return new Intl.DateTimeFormat(locale.value, { weekday: 'short' }).format(day)
}

/** The day as it is read out: month, day and weekday. */
export function spokenDay(day: Date): string {
  return new Intl.DateTimeFormat(locale.value, { month: 'long', day: 'numeric', weekday: 'long' }).format(day)
}

export function minutesOf(moment: Date): number {
  return moment.getHours() * 60 + moment.getMinutes()
}

export function nextFullHour(now = new Date()): string {
  return new Date(Math.ceil((now.getTime() + 1) / HOUR_MS) * HOUR_MS).toISOString()
}

export function plusHours(moment: string, hours: number): string {
  return new Date(new Date(moment).getTime() + hours * HOUR_MS).toISOString()
}
