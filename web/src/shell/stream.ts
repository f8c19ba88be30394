import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { onBeforeUnmount, ref } from 'vue'
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
  for (const queryKey of [['record', collection, id], ['list', collection], ['board', collection]]) void client.invalidateQueries({ queryKey })
}

/**
 * The unread count, live. The browser reconnects the stream by itself and resumes after the last event it saw; while it
 * cannot, the count is asked for at intervals.
 */
export function useNotices() {
  const client = useQueryClient()
  const live = ref(false)
  const unread = useQuery({
    queryKey: ['unread'],
    queryFn: () => get<{ unread: number }>('/notifications/unread-count'),
    refetchInterval: () => (live.value ? false : POLL_MS),
  })
  let source: EventSource | null = null
  let revival = 0

  function connect(): void {
    source?.close()
    source = new EventSource(`${BASE}/notifications/stream`)
    source.onopen = () => {
      live.value = true
      void client.invalidateQueries({ queryKey: ['unread'] })
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
  connect()
  onBeforeUnmount(() => {
    clearTimeout(revival)
    source?.close()
  })
  return { live, unread }
}
