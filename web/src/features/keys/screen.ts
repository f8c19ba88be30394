import { Key } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'api-keys', resource: 'api_key', area: 'settings', icon: Key, title: 'keys.title', order: 60,
  page: () => import('./KeysPage.vue'),
  columns: ['name', 'prefix', 'scopes', 'expires_at', 'last_used_at', 'active'],
  internal: ['key', 'unit_id'],
  once: { key: 'keys.once' },
  form: { hidden: ['owner_id', 'unit_id', 'tags'] },
})
