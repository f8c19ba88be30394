import { Clock } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { weekText, WORKDAYS } from './week'

export default defineScreen({
  collection: 'business-calendars', resource: 'business_calendar', area: 'service', icon: Clock, title: 'calendars.title', order: 90,
  columns: ['name', 'hours', 'timezone', 'unit_id', 'updated_at'],
  keyFields: ['hours', 'timezone', 'unit_id'],
  internal: ['owner_id', 'special_days'],
  display: { hours: weekText },
  tabs: [
    { name: 'week', title: 'calendars.week', component: () => import('./WorkingTime.vue') },
    { collection: 'sla-policies', by: 'calendar_id', columns: ['name', 'kind', 'priority', 'response_minutes', 'resolve_minutes', 'unit_id'] },
  ],
  form: {
    first: ['name', 'unit_id', 'timezone', 'hours', 'special_days'],
    hidden: ['owner_id', 'tags'],
    inputs: { timezone: () => import('./ZoneInput.vue'), hours: () => import('./HoursInput.vue'), special_days: () => import('./DaysInput.vue') },
    start: () => ({ hours: WORKDAYS.map((weekday) => ({ weekday, opens: '09:00', closes: '18:00' })) }),
  },
})
