import { Wallet } from '@element-plus/icons-vue'
import { date, money, type Money } from '../../i18n/format'
import { defineScreen } from '../../records/screen'
import { today } from '../orders/today'

const firstOfMonth = (): string => `${today().slice(0, 8)}01`

export default defineScreen({
  collection: 'payments', resource: 'payment', area: 'sales', icon: Wallet, title: 'payments.title', order: 55, naming: { from: ['received_on', 'amount', 'reference'], title: (record) => [date(record.received_on as string), money(record.amount as Money), record.reference].filter(Boolean).join(' · ') },
  columns: ['received_on', 'customer_id', 'amount', 'unallocated', 'reference', 'note'],
  keyFields: ['customer_id', 'received_on', 'amount', 'unallocated', 'reference', 'note'],
  internal: ['allocations'],
  views: [{ name: 'month', title: 'payments.view_month', query: { received_on__gte: firstOfMonth() } }],
  tabs: [{ name: 'allocations', title: 'payments.allocation', component: () => import('./Allocations.vue') }],
  verbs: { allocate: { tone: 'primary', form: () => import('./AllocateForm.vue') } },
  form: { first: ['customer_id', 'amount', 'received_on', 'reference', 'note'], hidden: ['allocations'], beside: () => import('./NewAllocations.vue'), besideCounts: true, start: () => ({ received_on: today() }) },
})
