import { Bell, Setting } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default [
  definePage({ path: '/notifications', area: 'desk', icon: Bell, title: 'notices.title', order: 90, permission: 'notification:read', component: () => import('./NoticesPage.vue') }),
  definePage({ path: '/notification-preferences', area: 'settings', icon: Setting, title: 'notices.preferences', order: 60, permission: 'notification_preference:read', component: () => import('./PreferencesPage.vue') }),
]
