import { Filter } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/funnel', area: 'sales', icon: Filter, title: 'opportunities.funnel', order: 25, permission: 'opportunity:read', component: () => import('./FunnelPage.vue') })
