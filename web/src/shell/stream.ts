import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { useDocumentVisibility } from '@vueuse/core'
import { onBeforeUnmount, ref, watch } from 'vue'
import { BASE, get } from '../api/client'

const POLL_MS = 30_000
const REVIVE_MS = 60_000

export interface Notice {
  id: string
  kind: string
  title: string
  body: string | null
  link: string | null
  read_at: string | null
  created_at: string
}

/** What a notification is about has changed: its record and the lists that may hold it are asked for anew where they are shown. */
export function lookAgain(client: QueryClient, link: string | null | undefined): void {
  const [collection, id] = (link ?? '').split(/[?#]/)[0]?.split('/').slice(1) ?? []
  if (!collection || !id) return
  for (const queryKey of [['record', collection, id], ['timeline', id], ['list', collection], ['board', collection]]) void client.invalidateQueries({ queryKey })
}

/**
 * The unread count, live. The browser reconnects the stream by itself and resumes after the last event it saw; while it
 * cannot, the count is asked for at intervals. A tab that nobody looks at holds no stream: a browser opens only a few
 * connections to one server, and what a tab missed is asked for when it is looked at again.
 */
export function useNotices() {
  const client = useQueryClient()
  const visibility = useDocumentVisibility()
  const live = ref(false)
  const unread = useQuery({
    queryKey: ['unread'],
    queryFn: () => get<{ unread: number }>('/notifications/unread-count'),
    refetchInterval: () => (live.value ? false : POLL_MS),
  })
  let source: EventSource | null = null
  let revival = 0

  function disconnect(): void {
    clearTimeout(revival)
    source?.close()
    source = null
    live.value = false
  }
  function connect(): void {
    disconnect()
    source = new EventSource(`${BASE}/notifications/stream`)
    source.onopen = () => {
      live.value = true
      for (const queryKey of [['unread'], ['notices']]) void client.invalidateQueries({ queryKey })
    }
    source.addEventListener('notification', (event: MessageEvent<string>) => {
      void client.invalidateQueries({ queryKey: ['unread'] })
      void client.invalidateQueries({ queryKey: ['notices'] })
      lookAgain(client, (JSON.parse(event.data) as Partial<Notice>).link)
    })
    source.onerror = () => {
      live.value = false
      // Closed for good, as after a refused answer: the browser will not try again, so we do.
      if (source?.readyState === EventSource.CLOSED) revival = window.setTimeout(connect, REVIVE_MS)
    }
  }
  watch(visibility, (now) => (now === 'visible' ? connect() : disconnect()), { immediate: true })
  onBeforeUnmount(disconnect)
  return { live, unread }
}
