import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { get } from '../../api/client'
import { locale } from '../../i18n'
import { useSession } from '../../session/session'
import type { Policy } from './limits'

interface Category { id: string; code: string; name: string; name_en: string | null; active: boolean }
interface Unit { id: string; path_names: string[] }

const MINUTES_5 = 300_000

/** What can be spent on, and the names of all of it. */
export function useCategories() {
  const { data } = useQuery({ queryKey: ['expense-categories'], queryFn: () => get<{ items: Category[] }>('/expense-categories', { limit: 200 }), staleTime: MINUTES_5 })
  const all = computed(() => data.value?.items ?? [])
  const nameOf = (one: Category): string => (locale.value === 'en' ? one.name_en || one.name : one.name)
  return {
    options: computed(() => all.value.filter((one) => one.active).map((one) => ({ value: one.id, label: nameOf(one) }))),
    name: (id: string | null): string => { const found = all.value.find((one) => one.id === id); return found ? nameOf(found) : '…' },
  }
}

/** The policies that a claim of a unit may fall under, and how near each one's unit is (−1: it does not hold there). */
export function usePolicies(unitId: MaybeRefOrGetter<string | null>) {
  const session = useSession()
  const { data } = useQuery({ queryKey: ['expense-policies'], queryFn: () => get<{ items: Policy[] }>('/expense-policies', { limit: 200 }), enabled: session.may('expense_policy:read'), staleTime: MINUTES_5 })
  const policies = computed(() => data.value?.items ?? [])
  const ids = computed(() => [...new Set([toValue(unitId), ...policies.value.map((policy) => policy.unit_id)].filter((id): id is string => Boolean(id)))].sort())
  const { data: units } = useQuery({
    queryKey: computed(() => ['unit-paths', ids.value]),
    queryFn: () => get<{ items: Unit[] }>('/org-units', { id__in: ids.value.join(','), fields: 'id,path_names', limit: 200 }),
    enabled: computed(() => policies.value.length > 0),
    staleTime: MINUTES_5,
  })
  function depth(id: string | null): number {
    const own = units.value?.items.find((unit) => unit.id === toValue(unitId))
    const other = units.value?.items.find((unit) => unit.id === id)
    // A unit above one's own reach is not listed; its policies hold all the same, as the farthest.
    if (!other) return 0
    if (!own) return -1
    return other.path_names.every((name, at) => own.path_names[at] === name) ? other.path_names.length : -1
  }
  return { policies, depth }
}
