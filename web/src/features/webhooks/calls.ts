import { get } from '../../api/client'

export interface Call { id: string; type: string; status: 'pending' | 'sent' | 'failed'; attempts: number; response_status: number | null; last_error: string | null; created_at: string; sent_at: string | null; envelope: Record<string, unknown> }
export interface CallPage { items: Call[]; next_cursor: string | null }

export function callsOf(webhook: string, query: Record<string, string | number | undefined> = {}): Promise<CallPage> {
  return get<CallPage>(`/webhooks/${webhook}/deliveries`, query)
}
