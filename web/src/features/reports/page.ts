import { DataAnalysis } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/reports', area: 'insight', icon: DataAnalysis, title: 'reports.title', order: 10, permission: 'report:read', component: () => import('./ReportsPage.vue') })
