import { Stamp } from '@element-plus/icons-vue'
import { t } from '../../i18n'
import { screenOf } from '../../records/declared'
import { defineScreen } from '../../records/screen'
import { word } from './words'

/** An export is named by the path of what was taken along. */
function subjectName(value: unknown, { subject_type: type }: Record<string, unknown>): string | undefined {
  if (type !== 'export') return undefined
  const [path = '', more] = String(value).split('/')
  const title = path === 'reports' ? 'reports.title' : screenOf(path)?.title
  return title && (more ? `${t(title)} · ${more}` : t(title))
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
    { name: 'exports', title: 'audit.view_exports', query: { action: 'export.finished' } },
    { name: 'keys', title: 'audit.view_keys', query: { action__contains: 'api_key.' } },
  ],
  tabs: [{ name: 'detail', title: 'audit.detail', component: () => import('./AuditDetail.vue') }],
  display: { action: (value) => word('action', value), subject_type: (value) => word('subject', value), subject_name: subjectName },
})
