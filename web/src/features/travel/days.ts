const DAY_MS = 86_400_000

/** Every day from the first to the last, both included, as `YYYY-MM-DD`; at most a year. */
export function daysBetween(first: string, last: string): string[] {
  const from = Date.parse(`${first}T00:00:00Z`)
  const until = Date.parse(`${last}T00:00:00Z`)
  const found: string[] = []
  for (let at = from; at <= until && found.length < 366; at += DAY_MS) found.push(new Date(at).toISOString().slice(0, 10))
  return found
}

/** Today where the person is. */
export function today(now = new Date()): string {
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}

/** The day inside the span that is nearest to the given one. */
export function nearest(day: string, first: string, last: string): string {
  return day < first ? first : day > last ? last : day
}
