import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { get } from '../../api/client'
import type { Page } from '../../records/types'
import { useMinute } from '../../ui/today'

/** What a block shows of a list that is sorted by `due_at`, and how many there are. */
interface Shown { items: object[]; total?: number }

export function isLate(row: object, now: Date): boolean {
  const at = (row as { due_at?: unknown }).due_at
  return typeof at === 'string' && new Date(at) < now
}

/**
 * How many records of a list are past their time, those among them that a block does not show. Only where all shown are
 * late there may be more: then they are counted by the server.
 */
export function useLate(collection: MaybeRefOrGetter<string>, query: MaybeRefOrGetter<Record<string, string>>, shown: MaybeRefOrGetter<Shown | undefined>): ComputedRef<number> {
  const now = useMinute()
  const rows = computed(() => toValue(shown)?.items ?? [])
  const seen = computed(() => rows.value.filter((row) => isLate(row, now.value)).length)
  const more = computed(() => seen.value === rows.value.length && (toValue(shown)?.total ?? 0) > rows.value.length)
  const counted = useQuery({
    queryKey: computed(() => ['list', toValue(collection), 'desk', 'late', toValue(query)]),
    queryFn: () => get<Page>(`/${toValue(collection)}`, { ...toValue(query), due_at__lte: new Date().toISOString(), limit: 1, fields: 'id', count: true }).then((page) => page.total ?? 0),
    enabled: more,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: true,
    refetchInterval: 120_000,
  })
  return computed(() => (more.value ? Math.max(seen.value, counted.data.value ?? 0) : seen.value))
}
