import { Stamp } from '@element-plus/icons-vue'
import { defineScreen, type VerbSetup } from '../../records/screen'

/** The decisions are beside the document, where the thumb is; the menu has them for whoever looks there. */
const menu = (more: VerbSetup = {}): VerbSetup => ({ menu: true, ...more })

export default defineScreen({
  collection: 'approvals', resource: 'approval', area: 'approvals', icon: Stamp, title: 'approvals.title', order: 10,
  columns: ['title', 'requester_id', 'status', 'due_at', 'created_at'],
  titleField: 'title',
  keyFields: ['requester_id', 'due_at', 'waiting_ids'],
  tabs: [{ name: 'decide', title: 'approvals.document', component: () => import('./ApprovalTab.vue') }],
  verbs: {
    approve: menu({ tone: 'primary' }), reject: menu({ tone: 'danger', ask: 'approvals.reject_ask' }), return: menu({ title: 'approvals.return', ask: 'approvals.return_ask' }),
    delegate: menu({ ask: 'approvals.delegate_ask' }), transfer: menu({ ask: 'approvals.transfer_ask' }), 'add-approver': menu({ ask: 'approvals.add_ask', start: () => ({ where: 'after' }) }),
    withdraw: menu({ ask: 'approvals.withdraw_ask' }), remind: menu({ ask: 'approvals.remind_ask' }),
  },
  internal: ['steps', 'subject', 'subject_type', 'subject_id', 'round', 'flow_id', 'mine', 'comment', 'created_by', 'updated_by', 'updated_at', 'owner_id', 'flow_version', 'flow_name', 'unit_id', 'decided_by', 'decided_at', 'reminded_at', 'created_at'],
  page: () => import('./ApprovalsPage.vue'),
})
