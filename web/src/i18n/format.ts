import { locale } from './index'

export interface Money {
  amount: string
  currency: string
}

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale.value + JSON.stringify(options)
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(locale.value, options))
  return cache.get(key) as Intl.NumberFormat
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${locale.value}${JSON.stringify(options)}`
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat(locale.value, options))
  return cache.get(key) as Intl.DateTimeFormat
}

/** Money as text. Decimals go in as the text they came as: a float would lose the cents of large sums. */
export function money(value: Money | null | undefined, compact = false): string {
  if (!value) return ''
  const options: Intl.NumberFormatOptions = { style: 'currency', currency: value.currency, currencyDisplay: 'narrowSymbol' }
  if (compact) Object.assign(options, { notation: 'compact', maximumFractionDigits: 1 })
  try {
    return numberFormat(options).format(value.amount as unknown as number)
  } catch {
    return `${value.amount} ${value.currency}`
  }
}

/** Sums of several currencies on one line. They are closed to whoever gets null instead of a list: that is no empty sum. */
export function sums(totals: Money[] | null | undefined, compact = false): string {
  return totals ? totals.map((one) => money(one, compact)).join(' · ') : '—'
}

export function number(value: number | string | null | undefined): string {
  return value === null || value === undefined || value === '' ? '' : numberFormat({ maximumFractionDigits: 6 }).format(value as number)
}

export function date(value: string | null | undefined): string {
  return value ? value.slice(0, 10) : ''
}

export function moment(value: string | null | undefined): string {
  if (!value) return ''
  return dateFormat({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(value))
}

/** Day and time of what is at most months away: the year goes without saying. */
export function dayAndTime(value: string | null | undefined): string {
  if (!value) return ''
  return dateFormat({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(value))
}

/** How long ago, or in how long, for times near now; the date beyond thirty days. */
export function ago(value: string | null | undefined, now = Date.now()): string {
  if (!value) return ''
  const seconds = (new Date(value).getTime() - now) / 1000
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86400], ['hour', 3600], ['minute', 60]]
  if (Math.abs(seconds) > 30 * 86400) return dateFormat({ year: 'numeric', month: 'short', day: 'numeric' }).format(new Date(value))
  const relative = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' })
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit)
  return relative.format(0, 'minute')
}

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1_048_576 ? `${number(Math.round(bytes / 102.4) / 10)} kB` : `${number(Math.round(bytes / 104_857.6) / 10)} MB`
}
