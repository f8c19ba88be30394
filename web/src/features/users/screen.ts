import { UserFilled } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'users', resource: 'user', area: 'settings', icon: UserFilled, title: 'users.title', order: 20,
  titleField: 'display_name',
  columns: ['display_name', 'username', 'unit_id', 'role_ids', 'manager_id', 'active', 'last_sign_in_at'],
  keyFields: ['username', 'active', 'unit_id', 'unit_ids', 'role_ids', 'manager_id', 'email', 'mobile', 'locale', 'last_sign_in_at', 'must_change_password'],
  internal: ['role_keys', 'password', 'owner_id'],
  views: [
    { name: 'active', title: 'users.view_active', query: { active: 'true' } },
    { name: 'never', title: 'users.view_never', query: { last_sign_in_at__isnull: 'true', active: 'true' } },
    { name: 'gone', title: 'users.view_gone', query: { active: 'false' } },
  ],
  tabs: [
    { collection: 'audit-entries', by: 'owner_id', columns: ['at', 'action', 'subject_name', 'ip'] },
    { collection: 'users', by: 'manager_id', columns: ['display_name', 'unit_id', 'role_ids', 'active'] },
    { collection: 'customers', by: 'owner_id', columns: ['name', 'level', 'last_order_at'] },
  ],
  once: { password: 'users.password_once' },
  verbs: {
    'reset-password': { form: () => import('./ResetForm.vue'), shows: ['password'] },
    'reset-second-factor': { ask: 'users.second_factor_ask', tone: 'danger', menu: true },
    handover: { ask: 'users.handover_ask' },
    deactivate: { ask: 'users.deactivate_ask', tone: 'danger', menu: true },
    activate: { tone: 'primary' },
  },
  form: { first: ['display_name', 'username', 'unit_id', 'role_ids', 'email', 'mobile', 'manager_id'], hidden: ['role_keys', 'password', 'must_change_password', 'owner_id'] },
})
