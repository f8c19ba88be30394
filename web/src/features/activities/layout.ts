import { addDays, dayKey, dayStart, minutesOf } from './times'

/** What the calendar needs to know of an activity. */
export interface Timed {
  id: string
  starts_at: string | null
  due_at: string | null
}

export interface Span {
  from: Date
  to: Date
  /** Only a deadline is given: the block ends there. */
  deadline: boolean
}

export interface Block<T> {
  item: T
  span: Span
  /** Minutes from the day's beginning. */
  top: number
  length: number
  lane: number
  lanes: number
}

const SHORTEST_MIN = 30

/** The time that an activity takes up; null when it has none. */
export function spanOf(item: Timed): Span | null {
  const starts = item.starts_at ? new Date(item.starts_at) : null
  const due = item.due_at ? new Date(item.due_at) : null
  if (starts) return { from: starts, to: due && due > starts ? due : new Date(starts.getTime() + SHORTEST_MIN * 60_000), deadline: false }
  return due ? { from: new Date(due.getTime() - SHORTEST_MIN * 60_000), to: due, deadline: true } : null
}

/** The blocks of a day side by side: those that overlap share its width. */
export function blocksOf<T extends Timed>(items: readonly T[], day: Date): Block<T>[] {
  const begin = dayStart(day)
  const end = addDays(begin, 1)
  const blocks: Block<T>[] = items.flatMap((item) => {
    const span = spanOf(item)
    if (!span || span.to <= begin || span.from >= end) return []
    const top = span.from < begin ? 0 : minutesOf(span.from)
    const bottom = span.to >= end ? 24 * 60 : minutesOf(span.to)
    return [{ item, span, top: Math.min(top, 24 * 60 - SHORTEST_MIN), length: Math.max(bottom - top, SHORTEST_MIN), lane: 0, lanes: 1 }]
  })
  blocks.sort((a, b) => a.top - b.top || b.length - a.length)
  let group: Block<T>[] = []
  let reach = -1
  const close = (): void => {
    const lanes = Math.max(1, ...group.map((block) => block.lane + 1))
    for (const block of group) block.lanes = lanes
    group = []
  }
  for (const block of blocks) {
    if (block.top >= reach) close()
    const busy = new Set(group.filter((other) => other.top + other.length > block.top).map((other) => other.lane))
    while (busy.has(block.lane)) block.lane++
    group.push(block)
    reach = Math.max(block.top >= reach ? 0 : reach, block.top + block.length)
  }
  close()
  return blocks
}

/** Activities by the day on which they begin, each day in order of time. */
export function byDay<T extends Timed>(items: readonly T[]): Map<string, T[]> {
  const days = new Map<string, T[]>()
  const timed = items.flatMap((item) => { const span = spanOf(item); return span ? [{ item, at: span.deadline ? span.to : span.from }] : [] })
  timed.sort((a, b) => a.at.getTime() - b.at.getTime())
  for (const { item, at } of timed) days.set(dayKey(at), [...(days.get(dayKey(at)) ?? []), item])
  return days
}

/** New times after a move by whole days and minutes of the clock. */
export function moved(item: Timed, days: number, minutes: number): Pick<Timed, 'starts_at' | 'due_at'> {
  const shift = (moment: string | null): string | null => {
    if (!moment) return null
    const next = addDays(new Date(moment), days)
    return new Date(next.getTime() + minutes * 60_000).toISOString()
  }
  return { starts_at: shift(item.starts_at), due_at: shift(item.due_at) }
}
