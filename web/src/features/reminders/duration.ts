export type Unit = 'minutes' | 'hours' | 'days'
export const UNITS: Record<Unit, number> = { minutes: 1, hours: 60, days: 1440 }

/** Minutes in the largest unit that says them without a fraction. */
export function inUnits(minutes: number): { n: number; unit: Unit } {
  if (minutes && minutes % UNITS.days === 0) return { n: minutes / UNITS.days, unit: 'days' }
  if (minutes && minutes % UNITS.hours === 0) return { n: minutes / UNITS.hours, unit: 'hours' }
  return { n: minutes, unit: 'minutes' }
}
