import { OfficeBuilding } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'customers', resource: 'customer', area: 'customers', icon: OfficeBuilding, title: 'customers.title', order: 10,
  columns: ['name', 'code', 'relation', 'level', 'industry', 'region_code', 'owner_id', 'last_contact_at', 'last_order_at', 'churn_risk'],
  keyFields: ['code', 'relation', 'level', 'industry', 'owner_id', 'unit_id', 'mobile', 'phone', 'email', 'region_code', 'address', 'source', 'tags'],
  views: [
    { name: 'key', title: 'customers.view_key', query: { level__in: 'key,A' } },
    { name: 'risk', title: 'customers.view_risk', query: { churn_risk__in: 'high' } },
    { name: 'quiet', title: 'customers.view_quiet', query: { last_order_at__isnull: 'true' } },
    { name: 'pool', title: 'customers.view_pool', query: { owner_id__isnull: 'true' } },
    { name: 'doubled', title: 'customers.doubled', query: { doubled: 'true' }, needs: 'credit_code' },
  ],
  conditions: { doubled: 'customers.doubled' },
  tabs: [
    { name: 'overview', title: 'customers.overview', component: () => import('./Overview.vue') },
    { collection: 'contacts', by: 'customer_id', columns: ['name', 'title', 'mobile', 'decision_maker'] },
    { collection: 'interactions', by: 'customer_id', columns: ['subject', 'kind', 'occurred_at', 'owner_id'] },
    { collection: 'activities', by: 'customer_id', columns: ['subject', 'kind', 'due_at', 'status'] },
    { collection: 'opportunities', by: 'customer_id', columns: ['name', 'stage', 'amount', 'status'] },
    { name: 'money', title: 'customers.money', component: () => import('./MoneyTab.vue') },
    { collection: 'requests', by: 'customer_id', columns: ['number', 'summary', 'kind', 'status', 'due_at'] },
    { name: 'trips', title: 'customers.trips', component: () => import('./TripsTab.vue'), permission: 'travel_plan:read' },
    { name: 'claims', title: 'claims.title', component: () => import('../claims/ClaimsTab.vue'), permission: 'claim:read' },
    { collection: 'customers', by: 'parent_id', title: 'customers.subsidiaries', columns: ['name', 'code', 'relation', 'level', 'owner_id'] },
    { name: 'owners', title: 'customers.owners', component: () => import('./OwnersTab.vue') },
  ],
  verbs: { claim: { tone: 'primary' }, release: { ask: 'customers.release_ask', menu: true } },
  form: { first: ['name', 'kind', 'relation', 'level', 'industry', 'mobile', 'region_code'], beside: () => import('./Duplicates.vue'), start: () => ({ kind: 'company', relation: 'prospect' }) },
})
