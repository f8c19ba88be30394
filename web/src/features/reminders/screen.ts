import { AlarmClock } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'reminder-rules', resource: 'reminder_rule', area: 'settings', icon: AlarmClock, title: 'reminders.title', order: 70,
  columns: ['kind', 'minutes', 'active', 'unit_id'],
  titleField: 'kind',
  keyFields: ['kind', 'minutes', 'active', 'unit_id'],
  page: () => import('./RemindersPage.vue'),
})
