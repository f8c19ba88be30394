import { Wallet } from '@element-plus/icons-vue'
import { date, money, type Money } from '../../i18n/format'
import { defineScreen } from '../../records/screen'
import { today } from '../orders/today'
import { refundable } from './release'

export default defineScreen({
  collection: 'payments', resource: 'payment', area: 'sales', icon: Wallet, title: 'payments.title', order: 55, naming: { from: ['received_on', 'amount', 'reference'], title: (record) => [date(record.received_on as string), money(record.amount as Money), record.reference].filter(Boolean).join(' · ') },
  columns: ['received_on', 'customer_id', 'amount', 'unallocated', 'reference', 'note'],
  keyFields: ['customer_id', 'received_on', 'amount', 'unallocated', 'refunded', 'reference', 'note'],
  internal: ['allocations', 'refunds'],
  views: [{ name: 'month', title: 'payments.view_month', query: (day) => ({ received_on__gte: `${today(day).slice(0, 8)}01` }) }],
  tabs: [
    { name: 'allocations', title: 'payments.allocation', component: () => import('./Allocations.vue') },
    { name: 'refunds', title: 'payments.refunds', component: () => import('./Refunds.vue') },
  ],
  verbs: {
    allocate: { tone: 'primary', form: () => import('./AllocateForm.vue'), touches: ['receivables'] },
    deallocate: { form: () => import('./DeallocateForm.vue'), shows: ['reason'], touches: ['receivables', 'orders'] },
    refund: { ask: 'payments.refund_ask', start: (record) => ({ amount: refundable(record.unallocated as Money | null), refunded_on: today() }), touches: ['receivables', 'orders'] },
  },
  form: { first: ['customer_id', 'amount', 'received_on', 'reference', 'note'], hidden: ['allocations', 'refunds'], beside: () => import('./NewAllocations.vue'), besideCounts: true, start: () => ({ received_on: today() }) },
})
