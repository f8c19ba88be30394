import { t } from '../../i18n'

/** Minutes in the unit that people would say. */
export function spell(value: unknown): string | undefined {
  const minutes = Number(value)
  if (!Number.isFinite(minutes) || minutes <= 0) return undefined
  if (minutes % 1440 === 0) return t('sla.days', { n: minutes / 1440 })
  return minutes % 60 === 0 ? t('sla.hours', { n: minutes / 60 }) : t('sla.minutes', { n: minutes })
}

/** A condition that is left empty fits everything. */
export function anyOf(value: unknown): string | undefined {
  return value === null || value === '' ? t('sla.any') : undefined
}
