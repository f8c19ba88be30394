import { Failed, Odometer } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default [
  definePage({ path: '/system-health', area: 'settings', icon: Odometer, title: 'health.title', order: 80, permission: 'system:read', component: () => import('./HealthPage.vue') }),
  definePage({ path: '/dead-events', area: 'settings', icon: Failed, title: 'health.dead_title', order: 81, permission: 'system:read', component: () => import('./DeadEventsPage.vue') }),
]
