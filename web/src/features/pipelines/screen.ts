import { Filter } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'pipelines', resource: 'pipeline', area: 'settings', icon: Filter, title: 'pipelines.title', order: 50,
  page: () => import('./PipelinesPage.vue'),
  columns: ['name', 'unit_id', 'stages'],
  internal: ['owner_id'],
  form: { first: ['name', 'unit_id', 'stages'], hidden: ['owner_id', 'tags'] },
})
