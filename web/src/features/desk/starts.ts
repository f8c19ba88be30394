import { nextFullHour, plusHours } from '../activities/times'

/** First times of an activity that is planned for about that many hours from now: a full hour, an hour long. */
export function inHours(hours: number): { starts_at: string; due_at: string } {
  const starts_at = plusHours(nextFullHour(), hours)
  return { starts_at, due_at: plusHours(starts_at, 1) }
}
