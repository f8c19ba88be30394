import { Coin } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { dueText, STILL_OWED } from './due'

export default defineScreen({
  collection: 'receivables', resource: 'receivable', area: 'sales', icon: Coin, title: 'receivables.title', order: 50, titleField: 'order_number', naming: { from: ['order_number'], title: (record) => String(record.order_number ?? '') },
  columns: ['order_number', 'customer_id', 'due_on', 'outstanding', 'amount', 'status', 'owner_id'],
  keyFields: ['customer_id', 'order_id', 'due_on', 'amount', 'paid', 'credited', 'outstanding', 'owner_id', 'overdue_at', 'written_off_reason'],
  display: { due_on: dueText },
  conditions: { mine: 'receivables.mine' },
  views: [
    { name: 'open', title: 'receivables.view_open', query: STILL_OWED },
    { name: 'overdue', title: 'receivables.view_overdue', query: { status__in: 'overdue', sort: 'due_on' } },
    { name: 'paid', title: 'receivables.view_paid', query: { status__in: 'paid' } },
    { name: 'written_off', title: 'receivables.view_written_off', query: { status__in: 'written_off' } },
  ],
  tabs: [{ name: 'settlement', title: 'receivables.settlement', component: () => import('./Settlement.vue') }],
  verbs: { 'write-off': { tone: 'danger', ask: 'receivables.write_off_ask' } },
  page: () => import('./ReceivablesPage.vue'),
})
