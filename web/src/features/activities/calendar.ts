import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { get } from '../../api/client'
import { t } from '../../i18n'
import { moment } from '../../i18n/format'
import { useWriting } from '../../records/collection'
import type { Page, RecordRow } from '../../records/types'
import { complain, tellWithUndo } from '../../ui/message'
import { moved, type Timed } from './layout'

export type ActivityRow = RecordRow & Timed & { subject: string; kind: string; status: string; priority: string; customer_id: string | null; overdue_at: string | null; assignee_id: string }

const AT_ONCE = 200
const PAGES_MOST = 5

export interface Found {
  items: ActivityRow[]
  capped: boolean
}

async function all(query: Record<string, string>, signal?: AbortSignal): Promise<Found> {
  const items: ActivityRow[] = []
  let cursor: string | null = ''
  for (let page = 0; page < PAGES_MOST && cursor !== null; page++) {
    const answer: Page = await get<Page>('/activities', { ...query, limit: AT_ONCE, cursor }, signal)
    items.push(...(answer.items as ActivityRow[]))
    cursor = answer.next_cursor
  }
  return { items, capped: cursor !== null }
}

/** The activities that touch a range of time, those with only one of the two times too. */
export function useRange(from: MaybeRefOrGetter<Date>, to: MaybeRefOrGetter<Date>, filter: MaybeRefOrGetter<Record<string, string>>) {
  const key = computed(() => ['list', 'activities', 'calendar', toValue(from).toISOString(), toValue(to).toISOString(), toValue(filter)])
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<Found> => {
      const [since, until] = [toValue(from).toISOString(), toValue(to).toISOString()]
      const [starting, due] = await Promise.all([
        all({ ...toValue(filter), starts_at__gte: since, starts_at__lte: until, sort: 'starts_at' }, signal),
        all({ ...toValue(filter), due_at__gte: since, due_at__lte: until, sort: 'due_at' }, signal),
      ])
      const found = new Map([...starting.items, ...due.items].map((item) => [item.id, item]))
      return { items: [...found.values()], capped: starting.capped || due.capped }
    },
    placeholderData: (before) => before,
    refetchOnWindowFocus: true,
  })
  return { key, ...query }
}

export function useUntimed(filter: MaybeRefOrGetter<Record<string, string>>) {
  return useQuery({
    queryKey: computed(() => ['list', 'activities', 'untimed', toValue(filter)]),
    queryFn: ({ signal }) => get<Page>('/activities', { ...toValue(filter), status: 'planned', starts_at__isnull: true, due_at__isnull: true, limit: 20 }, signal).then((page) => page.items as ActivityRow[]),
  })
}

/** Moving in time: shown at once, taken back when refused, undone from the message. */
export function useRescheduling() {
  const client = useQueryClient()
  const writing = useWriting('activities')

  function show(row: ActivityRow, times: Partial<Timed>): void {
    client.setQueriesData<Found>({ queryKey: ['list', 'activities', 'calendar'] }, (found) => {
      if (!found) return found
      const others = found.items.filter((item) => item.id !== row.id)
      return { ...found, items: [...others, { ...row, ...times }] }
    })
  }
  async function reschedule(row: ActivityRow, times: Pick<Timed, 'starts_at' | 'due_at'>, undoing = false): Promise<void> {
    if (times.starts_at === row.starts_at && times.due_at === row.due_at) return
    const before = { starts_at: row.starts_at, due_at: row.due_at }
    show(row, times)
    try {
      const changed = (await writing.change(row, times)) as ActivityRow
      show(changed, times)
      if (!undoing) tellWithUndo(t('activities.moved', { name: row.subject, when: moment(changed.starts_at ?? changed.due_at) }), () => void reschedule(changed, before, true))
    } catch (error) {
      show(row, before)
      complain(error)
    }
    await client.invalidateQueries({ queryKey: ['list', 'activities'] })
  }
  return { reschedule, nudge: (row: ActivityRow, days: number, minutes: number) => reschedule(row, moved(row, days, minutes)) }
}
