import { Wallet } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

const firstOfMonth = (): string => {
  const now = new Date()
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-01`
}

export default defineScreen({
  collection: 'payments', resource: 'payment', area: 'sales', icon: Wallet, title: 'payments.title', order: 55, titleField: 'reference',
  columns: ['received_on', 'customer_id', 'amount', 'unallocated', 'reference', 'note'],
  keyFields: ['customer_id', 'received_on', 'amount', 'unallocated', 'note'],
  internal: ['allocations'],
  views: [{ name: 'month', title: 'payments.view_month', query: { received_on__gte: firstOfMonth() } }],
  tabs: [{ name: 'allocations', title: 'payments.allocation', component: () => import('./Allocations.vue') }],
  verbs: { allocate: { tone: 'primary', form: () => import('./AllocateForm.vue') } },
  form: { first: ['customer_id', 'amount', 'received_on', 'reference', 'note'], hidden: ['allocations'], beside: () => import('./NewAllocations.vue') },
})
