import { Collection } from '@element-plus/icons-vue'
import { t } from '../../i18n'
import { screenOf } from '../../records/declared'
import { unitOf, type SavedView } from '../../records/saved-views'
import { defineScreen } from '../../records/screen'

/** Where views are looked over and cleared away; they are made and opened in the lists themselves. */
export default defineScreen({
  collection: 'saved-views', resource: 'saved_view', area: 'settings', icon: Collection, title: 'views.title', order: 90, hidden: true,
  columns: ['name', 'collection', 'shared_with_unit_id', 'owner_id', 'updated_at'],
  keyFields: ['collection', 'shared_with_unit_id', 'owner_id'],
  views: [{ name: 'shared', title: 'views.shared', query: { shared_with_unit_id__isnull: 'false' } }],
  internal: ['owner_name', 'shared_with_name', 'shared_with_name_en', 'unit_id', 'tags', 'columns'],
  form: { hidden: ['collection', 'columns', 'unit_id', 'owner_id', 'tags'] },
  without: ['files', 'create'],
  display: {
    collection: (value) => t(screenOf(String(value))?.title ?? String(value)),
    owner_id: (_value, record) => (record as unknown as SavedView).owner_name ?? undefined,
    shared_with_unit_id: (value, record) => (value ? unitOf(record as unknown as SavedView) : t('views.private')),
  },
})
