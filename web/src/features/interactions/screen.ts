import { ChatLineRound } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'interactions', resource: 'interaction', area: 'customers', icon: ChatLineRound, title: 'interactions.title', order: 30, titleField: 'subject', offline: true,
  columns: ['subject', 'customer_id', 'kind', 'occurred_at', 'contact_id', 'next_step', 'next_at', 'owner_id'],
  keyFields: ['customer_id', 'contact_id', 'kind', 'stage', 'occurred_at', 'summary', 'feedback', 'action_taken', 'next_step', 'next_at', 'owner_id'],
  views: [
    { name: 'visits', title: 'interactions.view_visits', query: { kind__in: 'visit' } },
    { name: 'calls', title: 'interactions.view_calls', query: { kind__in: 'call' } },
    { name: 'next', title: 'interactions.view_next', query: { next_at__isnull: 'false', sort: 'next_at' } },
  ],
  tabs: [{ name: 'around', title: 'interactions.around', component: () => import('../activities/AroundTab.vue') }],
  form: {
    first: ['customer_id', 'contact_id', 'kind', 'subject', 'summary', 'occurred_at', 'next_step', 'next_at'],
    start: () => ({ kind: 'call', occurred_at: new Date().toISOString() }),
  },
})
