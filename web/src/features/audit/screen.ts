import { Stamp } from '@element-plus/icons-vue'
import { i18n, t } from '../../i18n'
import { defineScreen } from '../../records/screen'

/** Words for what the log writes as `sign_in.failed`; unknown ones are shown as they are. */
const word = (prefix: string, value: unknown): string | undefined => {
  const key = `audit.${prefix}_${String(value).replace('.', '-')}`
  return i18n.global.te(key) ? t(key) : undefined
}

export default defineScreen({
  collection: 'audit-entries', resource: 'audit', area: 'settings', icon: Stamp, title: 'audit.title', order: 70,
  page: () => import('./AuditPage.vue'),
  titleField: 'actor_name',
  columns: ['at', 'action', 'actor_name', 'subject_type', 'subject_name', 'unit_id', 'ip'],
  keyFields: ['action', 'at', 'seq', 'subject_type', 'subject_name', 'unit_id', 'ip', 'request_id', 'hash'],
  internal: ['owner_id', 'subject_id'],
  views: [
    { name: 'failed', title: 'audit.view_failed', query: { action: 'sign_in.failed' } },
    { name: 'sign_in', title: 'audit.view_sign_in', query: { action__contains: 'sign_in.' } },
    { name: 'users', title: 'audit.view_users', query: { action__contains: 'user.' } },
    { name: 'roles', title: 'audit.view_roles', query: { action__contains: 'role.' } },
    { name: 'org', title: 'audit.view_org', query: { action__contains: 'org_unit.' } },
    { name: 'keys', title: 'audit.view_keys', query: { action__contains: 'api_key.' } },
  ],
  tabs: [{ name: 'detail', title: 'audit.detail', component: () => import('./AuditDetail.vue') }],
  display: { action: (value) => word('action', value), subject_type: (value) => word('subject', value) },
})
