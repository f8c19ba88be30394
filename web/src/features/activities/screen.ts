import { Finished } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { nextFullHour, plusHours } from './times'

export default defineScreen({
  collection: 'activities', resource: 'activity', area: 'desk', icon: Finished, title: 'activities.title', order: 20, titleField: 'subject', offline: true,
  columns: ['subject', 'kind', 'customer_id', 'starts_at', 'due_at', 'priority', 'status', 'assignee_id'],
  keyFields: ['customer_id', 'contact_id', 'about', 'kind', 'priority', 'starts_at', 'due_at', 'assignee_id', 'recurrence', 'plan', 'outcome', 'number'],
  views: [
    { name: 'planned', title: 'activities.view_planned', query: { status: 'planned', sort: 'due_at' } },
    { name: 'late', title: 'activities.view_late', query: { status: 'planned', overdue_at__isnull: 'false', sort: 'due_at' } },
    { name: 'done', title: 'activities.view_done', query: { status: 'done', sort: '-done_at' } },
  ],
  tabs: [{ name: 'around', title: 'activities.around', component: () => import('./AroundTab.vue') }],
  verbs: {
    complete: { tone: 'primary', form: () => import('./CompleteForm.vue'), shows: ['outcome'] },
    cancel: { menu: true },
  },
  form: {
    first: ['subject', 'kind', 'customer_id', 'contact_id', 'starts_at', 'due_at', 'priority', 'plan'],
    start: (given) => (given.starts_at || given.due_at ? { kind: 'task' } : { kind: 'task', starts_at: nextFullHour(), due_at: plusHours(nextFullHour(), 1) }),
  },
})
