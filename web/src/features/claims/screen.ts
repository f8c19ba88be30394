import { Wallet } from '@element-plus/icons-vue'
import { today } from '../travel/days'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'claims', resource: 'claim', area: 'expenses', icon: Wallet, title: 'claims.title', order: 20,
  columns: ['number', 'title', 'claimant_id', 'total', 'over_policy', 'status', 'payment_status', 'travel_plan_id', 'updated_at'],
  keyFields: ['claimant_id', 'total', 'payment_status', 'travel_plan_id', 'method', 'decision_comment', 'over_policy', 'paid_on', 'payment_reference'],
  views: [
    { name: 'draft', title: 'claims.view_draft', query: { status__in: 'draft,returned,withdrawn' } },
    { name: 'submitted', title: 'claims.view_submitted', query: { status__in: 'submitted' } },
    { name: 'due', title: 'claims.view_due', query: { payment_status__in: 'scheduled' } },
    { name: 'over', title: 'claims.view_over', query: { over_policy: 'true' } },
  ],
  tabs: [
    { name: 'items', title: 'claims.items', component: () => import('./ClaimItems.vue') },
    { name: 'approval', title: 'approvals.approval', component: () => import('../approvals/DocumentApproval.vue') },
  ],
  verbs: {
    // Submitting is in the items, where what is not saved yet goes along.
    submit: { menu: true, ask: 'claims.submit_ask' },
    withdraw: { ask: 'claims.withdraw_ask' },
    pay: { tone: 'primary', ask: 'claims.pay_ask', start: () => ({ paid_on: today() }) },
  },
  internal: ['approval_round', 'approval_id', 'items', 'customer_id'],
  form: { first: ['title', 'travel_plan_id', 'method'], hidden: ['items'], inputs: { currency: () => import('./CurrencyInput.vue') } },
})
