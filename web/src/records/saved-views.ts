import { useStorage } from '@vueuse/core'
import type { Ref } from 'vue'
import { useSession } from '../session/session'

export interface SavedView {
  name: string
  query: Record<string, string>
  columns: string[] | null
}

/** A person's own views of a list, kept in this browser. */
export function useSavedViews(collection: string): Ref<SavedView[]> {
  return useStorage<SavedView[]>(`banyan.views.${useSession().me?.user.id}.${collection}`, [])
}

/** The columns chosen for a list, in their order; null: the screen's own. */
export function useColumns(collection: string): Ref<{ chosen: string[] | null }> {
  return useStorage<{ chosen: string[] | null }>(`banyan.columns.${useSession().me?.user.id}.${collection}`, { chosen: null })
}
