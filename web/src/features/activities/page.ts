import { Calendar } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/calendar', area: 'desk', icon: Calendar, title: 'activities.calendar', order: 10, permission: 'activity:read', component: () => import('./CalendarPage.vue') })
