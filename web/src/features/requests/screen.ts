import { Headset } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { useSession } from '../../session/session'
import { dueText, UNSOLVED } from './clock'
import { columns, move } from './moves'

/** Tomorrow at nine, when most things that were waited for have come. */
function tomorrow(): string {
  const at = new Date()
  at.setDate(at.getDate() + 1)
  at.setHours(9, 0, 0, 0)
  return at.toISOString()
}

export default defineScreen({
  collection: 'requests', resource: 'request', area: 'service', icon: Headset, title: 'requests.title', order: 10, titleField: 'summary',
  columns: ['number', 'summary', 'customer_id', 'kind', 'priority', 'status', 'due_at', 'assignee_id', 'created_at'],
  keyFields: ['number', 'customer_id', 'contact_id', 'kind', 'priority', 'channel', 'assignee_id', 'owner_id', 'due_at', 'response_due_at', 'created_at', 'tags'],
  internal: ['description', 'answer', 'feedback', 'sla_warned', 'response_breached'],
  display: { due_at: dueText, response_due_at: (value, record) => (record.responded_at ? undefined : dueText(value, record)) },
  views: [
    { name: 'assigned', title: 'requests.view_mine', get query() { return { assignee_id__in: useSession().me?.user.id ?? '', ...UNSOLVED } } },
    { name: 'new', title: 'requests.view_new', query: { status__in: 'created', sort: 'due_at' } },
    { name: 'open', title: 'requests.view_open', query: UNSOLVED },
    { name: 'late', title: 'requests.view_late', query: { sla_breached: 'true', ...UNSOLVED } },
    { name: 'answered', title: 'requests.view_answered', query: { status__in: 'answered', sort: 'answered_at' } },
  ],
  tabs: [{ name: 'conversation', title: 'requests.conversation', component: () => import('./Conversation.vue') }],
  verbs: {
    start: { tone: 'primary', ask: 'requests.start_ask' },
    answer: { tone: 'primary' },
    hold: { menu: true, start: () => ({ until: tomorrow() }) },
    resume: { tone: 'primary', ask: 'requests.resume_ask' },
    feedback: { tone: 'primary', form: () => import('./FeedbackForm.vue') },
    archive: { ask: 'requests.archive_ask' },
    reopen: {},
    escalate: { menu: true, ask: 'requests.escalate_ask' },
  },
  board: { by: 'status', sort: 'due_at', columns, move, card: ['number', 'customer_id', 'priority', 'due_at', 'assignee_id'] },
  form: { first: ['summary', 'customer_id', 'kind', 'priority', 'channel', 'contact_id', 'description'], beside: () => import('./NewRequestHelp.vue'), start: () => ({ kind: 'consultation', channel: 'phone', priority: 'normal' }) },
  page: () => import('./RequestsPage.vue'),
})
