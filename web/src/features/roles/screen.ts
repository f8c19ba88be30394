import { Lock } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'roles', resource: 'role', area: 'settings', icon: Lock, title: 'roles.title', order: 30,
  page: () => import('./RolesPage.vue'),
  columns: ['name', 'key', 'unit_id', 'built_in'],
  keyFields: ['key', 'name_en', 'unit_id', 'built_in'],
  internal: ['grants', 'fields', 'owner_id'],
  tabs: [
    { name: 'role', title: 'roles.grants', component: () => import('./RoleEditor.vue') },
    { collection: 'users', by: 'role_ids', columns: ['display_name', 'unit_id', 'active'] },
  ],
  form: { first: ['name', 'name_en', 'key', 'unit_id'], hidden: ['grants', 'fields', 'owner_id', 'tags'] },
})
