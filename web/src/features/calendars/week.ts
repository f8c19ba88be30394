import { locale, t } from '../../i18n'

/** Hours of a weekday (ISO: 1 is Monday); "24:00" ends a day, and a break is made by two rows. */
export interface Hours {
  weekday: number
  opens: string
  closes: string
}

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7]
/** Monday to Friday. */
export const WORKDAYS = WEEKDAYS.slice(0, 5)

const STEP_MIN = 30
const BREAK_MIN = 60
const LONGEST_MIN = 300
const DAY_MIN = 1440

const timeOf = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** The times that are offered, "00:00" to "24:00"; others can be typed. */
export const TIMES = Array.from({ length: DAY_MIN / STEP_MIN + 1 }, (_, at) => timeOf(at * STEP_MIN))

/** A time as it was typed, "9", "915" or "9:15", as the service writes it; what is no time stays for it to refuse. */
export function clockTime(typed: string): string {
  const [, hours, minutes = '00'] = /^(\d{1,2})(?:[:：.]?(\d{2}))?$/.exec(typed.trim()) ?? []
  return hours ? `${hours.padStart(2, '0')}:${minutes}` : typed.trim()
}

/** The hours to begin with on a day that has these: after a break, or the first ones, or those of the night. */
export function nextSpan(taken: Hours[]): Omit<Hours, 'weekday'> {
  if (!taken.length) return { opens: '09:00', closes: '18:00' }
  const opens = Math.max(...taken.map((row) => minutesOf(row.closes))) + BREAK_MIN
  return opens < DAY_MIN ? { opens: timeOf(opens), closes: timeOf(Math.min(opens + LONGEST_MIN, DAY_MIN)) } : { opens: '00:00', closes: '06:00' }
}

/** A weekday's name in the language of the page. */
export function weekdayName(weekday: number, style: 'short' | 'long' = 'short'): string {
  // The first of January 2024 was a Monday.
  return new Intl.DateTimeFormat(locale.value, { weekday: style, timeZone: 'UTC' }).format(Date.UTC(2024, 0, weekday))
}

/** Weekdays that follow each other and have the same hours; no hours: nobody works. */
export interface Run {
  first: number
  last: number
  hours: string
}

/** The week from Monday to Sunday, days that are alike together. */
export function runs(hours: Hours[]): Run[] {
  const found: Run[] = []
  for (const weekday of WEEKDAYS) {
    const own = hours.filter((row) => row.weekday === weekday).map((row) => `${row.opens}–${row.closes}`).sort().join(', ')
    const before = found.at(-1)
    if (before?.hours === own) before.last = weekday
    else found.push({ first: weekday, last: weekday, hours: own })
  }
  return found
}

/** “周一至周五”. */
export function daysOf({ first, last }: Run): string {
  return first === last ? weekdayName(first) : t('calendars.days', { first: weekdayName(first), last: weekdayName(last) })
}

/** The days that are worked, in one line; undefined: none. */
export function weekText(value: unknown): string | undefined {
  const worked = runs((value as Hours[] | null) ?? []).filter((run) => run.hours)
  return worked.map((run) => `${daysOf(run)} ${run.hours}`).join(' · ') || undefined
}
