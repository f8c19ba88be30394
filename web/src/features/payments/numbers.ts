import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { get } from '../../api/client'
import type { Page } from '../../records/types'
import type { Allocation } from './AllocationTable.vue'

/** The orders' numbers of the receivables that a payment pays; those that are out of sight have none. */
export function useNumbers(allocations: () => Allocation[]) {
  const ids = computed(() => [...new Set(allocations().map((part) => part.receivable_id))].slice(0, 100).join(','))
  const { data } = useQuery({
    queryKey: computed(() => ['list', 'receivables', 'named', ids.value]),
    queryFn: () => get<Page>('/receivables', { id__in: ids.value, limit: 100 }),
    enabled: computed(() => Boolean(ids.value)),
  })
  const numberOf = (id: string): string | undefined => data.value?.items.find((row) => row.id === id)?.order_number as string | undefined
  return { data, numberOf }
}
