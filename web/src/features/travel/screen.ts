import { MapLocation } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'travel-plans', resource: 'travel_plan', area: 'expenses', icon: MapLocation, title: 'travel.title', order: 10,
  columns: ['number', 'subject', 'destination_region_code', 'starts_on', 'ends_on', 'traveller_id', 'customer_ids', 'estimate', 'status'],
  keyFields: ['traveller_id', 'destination_region_code', 'starts_on', 'ends_on', 'plan', 'estimate', 'decision_comment'],
  views: [
    { name: 'now', title: 'travel.view_now', query: { status__in: 'active' } },
    { name: 'coming', title: 'travel.view_coming', query: { status__in: 'approved,submitted' } },
    { name: 'settle', title: 'travel.view_settle', query: { status__in: 'to_settle' } },
    { name: 'draft', title: 'travel.view_draft', query: { status__in: 'draft,returned,withdrawn' } },
  ],
  tabs: [
    { name: 'days', title: 'travel.days', component: () => import('./TripDays.vue') },
    { name: 'approval', title: 'approvals.approval', component: () => import('../approvals/DocumentApproval.vue') },
    { collection: 'claims', by: 'travel_plan_id', columns: ['number', 'title', 'total', 'status', 'payment_status'] },
  ],
  verbs: {
    submit: { tone: 'primary', ask: 'travel.submit_ask' },
    start: { tone: 'primary', ask: 'travel.start_ask' },
    finish: { tone: 'primary', ask: 'travel.finish_ask' },
    settle: { tone: 'primary', ask: 'travel.settle_ask' },
    withdraw: { ask: 'travel.withdraw_ask' },
    cancel: { title: 'travel.cancel', tone: 'danger', ask: 'travel.cancel_ask' },
  },
  internal: ['approval_round', 'approval_id'],
  form: { first: ['subject', 'destination_region_code', 'starts_on', 'ends_on', 'customer_ids', 'estimate', 'plan'] },
})
