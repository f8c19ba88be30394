import { Message } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { kindName } from './kinds'

export default defineScreen({
  collection: 'deliveries', resource: 'delivery', area: 'settings', icon: Message, title: 'deliveries.title', order: 72,
  columns: ['recipient', 'kind', 'status', 'attempts', 'next_attempt_at', 'sent_at', 'last_error', 'created_at'],
  titleField: 'recipient',
  keyFields: ['status', 'kind', 'last_error', 'attempts', 'next_attempt_at', 'sent_at', 'channel'],
  views: [
    { name: 'failed', title: 'deliveries.view_failed', query: { status__in: 'failed,unknown' } },
    { name: 'pending', title: 'deliveries.view_pending', query: { status__in: 'pending,sending' } },
  ],
  display: { kind: kindName },
  verbs: { retry: { tone: 'primary', ask: 'deliveries.retry_ask' } },
  internal: ['notification_id'],
})
