import { useQuery } from '@tanstack/vue-query'
import { get } from '../../api/client'
import type { Label } from '../../i18n'
import type { RecordRow } from '../../records/types'

export interface Named { name: string; label: Label }
export interface Resource extends Named { service: string; path: string | null; actions: Named[] }
export interface Catalogue { resources: Resource[]; scopes: Named[]; access: Named[] }

export interface Grant { resource: string; action: string; scope: string; unit_ids?: string[] }
export interface FieldRule { resource: string; field: string; access: string }
export interface Role extends RecordRow {
  key: string
  name: string
  name_en: string | null
  built_in: boolean
  grants: Grant[]
  fields: FieldRule[]
}

/** Every resource with its actions, and the words for scopes and field access. */
export function useCatalogue() {
  return useQuery({ queryKey: ['permissions'], queryFn: () => get<Catalogue>('/permissions'), staleTime: 600_000 })
}

/** The actions that have a column of their own; the rest stands in one. */
export const COLUMNS = ['read', 'create', 'update', 'delete', 'export', 'import'] as const

export const keyOf = (grant: { resource: string; action: string }): string => `${grant.resource}:${grant.action}`

/** How many grants or field rules differ. */
export function differences<T>(before: T[], after: T[], key: (item: T) => string): number {
  const [a, b] = [before, after].map((list) => new Map(list.map((item) => [key(item), JSON.stringify(sorted(item))])))
  if (!a || !b) return 0
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).length
}

function sorted(item: unknown): unknown {
  return item && typeof item === 'object' && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).filter(([, value]) => !(Array.isArray(value) && !value.length)).sort()) : item
}
