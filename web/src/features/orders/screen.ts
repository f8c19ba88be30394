import { List } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { today } from './today'

export default defineScreen({
  collection: 'orders', resource: 'order', area: 'sales', icon: List, title: 'orders.title', order: 40, titleField: 'number',
  columns: ['number', 'customer_id', 'ordered_on', 'total', 'status', 'approval_status', 'owner_id'],
  keyFields: ['customer_id', 'ordered_on', 'total', 'opportunity_id', 'owner_id', 'unit_id', 'note'],
  internal: ['lines', 'approval_id', 'approval_round'],
  views: [
    { name: 'draft', title: 'orders.view_draft', query: { status__in: 'draft' } },
    { name: 'approval', title: 'orders.view_approval', query: { approval_status__in: 'pending' } },
    { name: 'deliver', title: 'orders.view_deliver', query: { status__in: 'confirmed' } },
    { name: 'close', title: 'orders.view_close', query: { status__in: 'delivered' } },
  ],
  tabs: [
    { name: 'lines', title: 'orders.lines', component: () => import('./Lines.vue') },
    { collection: 'receivables', by: 'order_id', columns: ['due_on', 'amount', 'paid', 'outstanding', 'status'] },
  ],
  verbs: {
    confirm: { tone: 'primary', ask: 'orders.confirm_ask' },
    deliver: { tone: 'primary', form: () => import('./DeliverForm.vue') },
    return: { title: 'orders.take_back', form: () => import('./ReturnForm.vue'), touches: ['receivables'] },
    close: { title: 'orders.close', form: () => import('./CloseForm.vue'), shows: ['reason'], touches: ['receivables'] },
    cancel: { title: 'orders.cancel', tone: 'danger', ask: 'orders.cancel_ask', touches: ['receivables'] },
  },
  form: { first: ['customer_id', 'ordered_on', 'opportunity_id', 'lines', 'note'], inputs: { lines: () => import('./LinesInput.vue') }, start: () => ({ ordered_on: today() }) },
})
