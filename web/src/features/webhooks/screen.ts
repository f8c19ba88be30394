import { Connection } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'webhooks', resource: 'webhook', area: 'settings', icon: Connection, title: 'webhooks.title', order: 74,
  columns: ['url', 'description', 'events', 'active', 'failing_since'],
  titleField: 'url', statusField: 'none',
  keyFields: ['description', 'events', 'active', 'failing_since', 'disabled_reason', 'unit_id'],
  tabs: [{ name: 'calls', title: 'webhooks.calls', component: () => import('./WebhookCalls.vue') }],
  verbs: {
    test: { form: () => import('./TestForm.vue') },
    'rotate-secret': { ask: 'webhooks.rotate_ask' },
  },
  internal: ['secret'],
  once: { secret: 'webhooks.secret_once' },
  form: { first: ['url', 'events', 'description', 'active'], start: () => ({ active: true }) },
  page: () => import('./WebhooksPage.vue'),
})
