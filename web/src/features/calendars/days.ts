/** Days that differ from the week: closed, or with the hours of some weekday. A date that is not written yet is empty. */
export interface SpecialDay {
  first_on: string
  last_on: string
  name: string
  as_weekday: number | null
}

const overlap = (one: SpecialDay, other: SpecialDay): boolean => one.first_on <= other.last_on && other.first_on <= one.last_on

/** Both in the order of their dates, without those of the second that fall on days already taken. */
export function merged(days: SpecialDay[], more: SpecialDay[]): SpecialDay[] {
  const all = [...days]
  for (const one of more) if (!all.some((other) => overlap(one, other))) all.push(one)
  return all.sort((one, other) => one.first_on.localeCompare(other.first_on))
}

/** Whether they were over before the year began. */
export function isPast(day: SpecialDay, year: number): boolean {
  return day.last_on !== '' && day.last_on < `${year}-01-01`
}

/** One date, or from which to which. */
export function datesOf({ first_on, last_on }: SpecialDay): string {
  return first_on === last_on ? first_on || '—' : `${first_on || '—'} – ${last_on || '—'}`
}
