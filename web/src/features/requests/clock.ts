import { ref } from 'vue'
import { t } from '../../i18n'
import { moment } from '../../i18n/format'
import type { Shown } from '../../records/screen'

const SECOND_MS = 1000
const SOON_MS = 30 * 60_000
export const RUNNING = new Set(['created', 'assigned', 'in_progress'])
/** The list of what is not solved, the most pressing first. */
export const UNSOLVED = { status__in: 'created,assigned,in_progress,on_hold', sort: 'due_at' }
const now = ref(Date.now())
let timer = 0

/** The present, for whoever draws it: it ticks every second once somebody asked. */
export function present(): number {
  timer ||= window.setInterval(() => { if (!document.hidden) now.value = Date.now() }, SECOND_MS)
  return now.value
}

/** A length of time in the two units that matter. */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / SECOND_MS)
  const [d, h, m, s] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  if (d) return t('requests.duration_days', { d, h })
  return h ? t('requests.duration_hours', { h, m }) : t('requests.duration_minutes', { m, s })
}

/** What is left until a limit, or by how much it is broken. */
export function remaining(due: string, at = present()): { text: string; late: boolean; ms: number } {
  const ms = new Date(due).getTime() - at
  return { text: t(ms < 0 ? 'requests.late' : 'requests.left', { time: duration(ms) }), late: ms < 0, ms }
}

/** How loudly a running limit speaks. */
export function toneOf(left: { late: boolean; ms: number }, warned: boolean): 'bad' | 'warn' | 'info' {
  return left.late ? 'bad' : warned || left.ms < SOON_MS ? 'warn' : 'info'
}

/** A limit in the list: it counts while the clock runs, and is a plain date afterwards. */
export function dueText(value: unknown, record: Record<string, unknown>): Shown | undefined {
  if (typeof value !== 'string') return undefined
  if (record.status === 'on_hold') return { text: t('requests.paused'), tone: 'warn' }
  if (!RUNNING.has(String(record.status))) return moment(value)
  const left = remaining(value)
  return { text: left.text, tone: toneOf(left, Boolean(record.sla_warned)) }
}
