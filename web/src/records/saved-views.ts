import { useQuery } from '@tanstack/vue-query'
import { until, useStorage } from '@vueuse/core'
import { computed, onMounted, toValue, type ComputedRef, type MaybeRefOrGetter, type Ref } from 'vue'
import { get, post } from '../api/client'
import { ApiError } from '../api/errors'
import { label } from '../i18n'
import { useSession } from '../session/session'
import { useRecord, useWriting } from './collection'
import type { Page, RecordRow } from './types'

/** What a list showed, by name: somebody's own, or shared with a unit. */
export interface SavedView extends RecordRow {
  name: string
  collection: string
  /** Filters, search and order as the list's address holds them. */
  query: Record<string, string>
  /** null: the columns that the list has anyway. */
  columns: string[] | null
  shared_with_unit_id: string | null
  owner_name: string | null
  shared_with_name: string | null
  shared_with_name_en: string | null
}

/** What was kept in a browser before views were records. */
export interface LocalView {
  name: string
  query: Record<string, string>
  columns: string[] | null
}

export const VIEWS = 'saved-views'
const AT_MOST = 200

const mine = (name: string): string => `banyan.${name}.${useSession().me?.user.id}`

export function sameQuery(a: Record<string, string>, b: Record<string, string>): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
}

/** Whether the list shows something else than the view it was opened with. */
export function isChanged(view: SavedView, query: Record<string, string>, columns: string[] | null): boolean {
  return !sameQuery(view.query, query) || JSON.stringify(view.columns) !== JSON.stringify(columns)
}

export function unitOf(view: SavedView): string {
  return label({ zh: view.shared_with_name ?? '', en: view.shared_with_name_en ?? view.shared_with_name ?? '' })
}

/** The person's own views first (unit null), then those of others by the unit they are shared with. */
export function grouped(views: SavedView[], me: string | undefined): { unit: string | null; views: SavedView[] }[] {
  const own = views.filter((view) => view.owner_id === me)
  const shared = new Map<string, SavedView[]>()
  for (const view of views) if (view.owner_id !== me) shared.set(unitOf(view), [...(shared.get(unitOf(view)) ?? []), view])
  return [...(own.length ? [{ unit: null, views: own }] : []), ...[...shared].map(([unit, theirs]) => ({ unit, views: theirs }))]
}

/**
 * Send views that this browser kept to the server, once, and forget those that arrived. A view that is refused, or has
 * no line, stays for the next time; the key makes two open tabs save it once.
 */
export async function takeOver(collection: string, kept: Ref<LocalView[]>, me: string): Promise<boolean> {
  let arrived = false
  for (const view of [...kept.value]) {
    const key = `view-${me}-${collection}-${encodeURIComponent(view.name)}`.slice(0, 200)
    const body = { collection, name: view.name, query: view.query, columns: view.columns }
    const saved = await post<SavedView>(`/${VIEWS}`, body, { key }).then(() => true, () => false)
    if (!saved) continue
    kept.value = kept.value.filter((one) => one.name !== view.name)
    arrived = true
  }
  return arrived
}

/** The views that a person is offered for a list, and the one whose id stands in the address. */
export function useSavedViews(collection: string, id: MaybeRefOrGetter<string | null>): { views: ComputedRef<SavedView[]>; opened: ComputedRef<SavedView | undefined>; missing: ComputedRef<boolean> } {
  const session = useSession()
  const allowed = computed(() => session.may('saved_view:read'))
  const list = useQuery({
    queryKey: ['list', VIEWS, collection],
    queryFn: () => get<Page<SavedView>>(`/${VIEWS}`, { collection, offered: true, limit: AT_MOST }),
    enabled: allowed,
  })
  const views = computed(() => list.data.value?.items ?? [])
  const offered = computed(() => views.value.find((view) => view.id === toValue(id)))
  // Somebody who manages a unit may be sent a view that is not offered to them.
  const asked = useRecord(VIEWS, () => (allowed.value && !list.isPending.value && !offered.value ? (toValue(id) ?? undefined) : undefined))
  const opened = computed(() => (toValue(id) ? (offered.value ?? (asked.data.value as SavedView | undefined)) : undefined))
  const missing = computed(() => Boolean(toValue(id)) && !opened.value && (!allowed.value || (asked.error.value instanceof ApiError && asked.error.value.status === 404)))

  const kept = useStorage<LocalView[]>(`${mine('views')}.${collection}`, [])
  const { refresh } = useWriting(VIEWS)
  onMounted(async () => {
    const me = session.me?.user.id
    if (!me || !kept.value.length || !session.may('saved_view:create')) return
    if (await takeOver(collection, kept, me)) {
      // A first load under way was asked for before they arrived, and would pass for the one that is asked for now.
      await until(() => !list.isFetching.value).toBe(true)
      await refresh()
    }
    if (!kept.value.length) localStorage.removeItem(`${mine('views')}.${collection}`)
  })
  return { views, opened, missing }
}

/** The view that a list was last shown with on this device: a tab's key or a saved view's id; empty: everything. */
export function useLastView(collection: string): Ref<string> {
  return useStorage(`${mine('view')}.${collection}`, '')
}

/** The one of a list's several boards that was last shown on this device; empty: none yet. */
export function useLastBoard(collection: string): Ref<string> {
  return useStorage(`${mine('board')}.${collection}`, '')
}

/** The columns chosen for a list, in their order; null: the screen's own. */
export function useColumns(collection: string): Ref<{ chosen: string[] | null }> {
  return useStorage<{ chosen: string[] | null }>(`${mine('columns')}.${collection}`, { chosen: null })
}
