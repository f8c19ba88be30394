import { Warning, Timer } from '@element-plus/icons-vue'
import { label, type Label } from '../../i18n'
import { defineScreen } from '../../records/screen'
import { addDays, dayKey } from '../activities/times'

/** The reasons of a case as one line, in the language shown. */
export function reasonsOf(value: unknown): string {
  return Array.isArray(value) ? (value as Label[]).map((reason) => label(reason)).join('；') : ''
}

const REPRIEVE_DAYS = 14

export default [
  defineScreen({
    collection: 'churn-cases', resource: 'churn_case', area: 'customers', icon: Warning, title: 'churn.title', order: 40, titleField: 'customer_name',
    columns: ['customer_name', 'status', 'reasons', 'last_order_on', 'owner_id', 'reprieved_until', 'warned_at'],
    keyFields: ['customer_id', 'reasons', 'last_order_on', 'months', 'probability_alive', 'measures', 'reprieved_until', 'lost_reason', 'owner_id', 'warned_at'],
    display: { reasons: reasonsOf },
    views: [
      { name: 'open', title: 'churn.view_open', query: { status__in: 'warned,reprieved' } },
      { name: 'warned', title: 'churn.view_warned', query: { status__in: 'warned' } },
      { name: 'lost', title: 'churn.view_lost', query: { status__in: 'lost' } },
      { name: 'recovered', title: 'churn.view_recovered', query: { status__in: 'recovered' } },
    ],
    tabs: [{ name: 'care', title: 'churn.care', component: () => import('./CareTab.vue') }],
    verbs: {
      recover: { tone: 'primary', ask: 'churn.recover_ask' },
      reprieve: { ask: 'churn.reprieve_ask', start: (record) => ({ measures: record.measures ?? '', until: dayKey(addDays(new Date(), REPRIEVE_DAYS)) }) },
      'confirm-lost': { tone: 'danger', ask: 'churn.lost_ask', menu: true },
    },
    page: () => import('./CasesPage.vue'),
  }),
  defineScreen({
    collection: 'churn-rules', resource: 'churn_rule', area: 'settings', icon: Timer, title: 'churn.rules', order: 40,
    columns: ['unit_id', 'level', 'months_without_order', 'updated_at'],
    titleField: 'level',
    keyFields: ['unit_id', 'level', 'months_without_order'],
    form: { first: ['months_without_order', 'level', 'unit_id'], start: () => ({ months_without_order: 6 }), hidden: ['owner_id'] },
    page: () => import('./RulesPage.vue'),
  }),
]
