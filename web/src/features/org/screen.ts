import { Share } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'org-units', resource: 'org_unit', area: 'settings', icon: Share, title: 'org.title', order: 10,
  page: () => import('./OrgPage.vue'),
  columns: ['name', 'code', 'kind', 'parent_id', 'manager_id', 'currency', 'active'],
  keyFields: ['code', 'kind', 'parent_id', 'manager_id', 'currency', 'timezone', 'active'],
  internal: ['tree_version', 'cell_id', 'unit_id', 'path_names'],
  tabs: [
    { collection: 'users', by: 'unit_id', columns: ['display_name', 'role_ids', 'active'] },
    { collection: 'org-units', by: 'parent_id', columns: ['name', 'kind', 'manager_id', 'active'] },
  ],
  verbs: { close: { tone: 'danger', menu: true } },
  form: { first: ['name', 'name_en', 'code', 'kind', 'manager_id'], hidden: ['owner_id', 'tags', 'parent_id'] },
})
