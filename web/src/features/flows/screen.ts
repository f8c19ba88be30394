import { Share } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'approval-flows', resource: 'approval_flow', area: 'approvals', icon: Share, title: 'flows.title', order: 20,
  columns: ['name', 'subject_type', 'status', 'flow_version', 'published_at', 'unit_id', 'updated_at'],
  keyFields: ['subject_type', 'flow_version', 'published_at', 'unit_id'],
  views: [
    { name: 'published', title: 'flows.view_published', query: { status__in: 'published' } },
    { name: 'draft', title: 'flows.view_draft', query: { status__in: 'draft' } },
  ],
  tabs: [{ name: 'design', title: 'flows.design', component: () => import('./FlowDesigner.vue') }],
  // Publishing is in the designer, where what is not saved yet goes along.
  verbs: { publish: { menu: true, ask: 'flows.publish_ask' } },
  internal: ['conditions', 'steps'],
  form: { first: ['name', 'subject_type', 'unit_id'], hidden: ['conditions', 'steps'] },
})
