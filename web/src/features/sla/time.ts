import { t } from '../../i18n'

/** Minutes in the unit that people would say: no days by a calendar, whose days are shorter. */
export function spell(value: unknown, policy: Record<string, unknown>): string | undefined {
  const minutes = Number(value)
  if (!Number.isFinite(minutes) || minutes <= 0) return undefined
  if (minutes % 1440 === 0 && !policy.calendar_id) return t('sla.days', { n: minutes / 1440 })
  return minutes % 60 === 0 ? t('sla.hours', { n: minutes / 60 }) : t('sla.minutes', { n: minutes })
}

/** A condition that is left empty fits everything. */
export function anyOf(value: unknown): string | undefined {
  return value === null || value === '' ? t('sla.any') : undefined
}

/** Limits without a calendar count day and night. */
export function roundTheClock(value: unknown): string | undefined {
  return value === null ? t('sla.round_the_clock') : undefined
}
