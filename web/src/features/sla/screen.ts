import { Timer } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'
import { anyOf, roundTheClock, spell } from './time'

export default defineScreen({
  collection: 'sla-policies', resource: 'sla_policy', area: 'service', icon: Timer, title: 'sla.title', order: 80,
  columns: ['name', 'kind', 'priority', 'level', 'response_minutes', 'resolve_minutes', 'calendar_id', 'unit_id'],
  keyFields: ['kind', 'priority', 'level', 'response_minutes', 'resolve_minutes', 'calendar_id', 'unit_id'],
  display: { kind: anyOf, priority: anyOf, level: anyOf, response_minutes: spell, resolve_minutes: spell, calendar_id: roundTheClock },
  tabs: [{ name: 'rule', title: 'sla.rule', component: () => import('./Rule.vue') }],
  form: { first: ['name', 'kind', 'priority', 'level', 'response_minutes', 'resolve_minutes', 'calendar_id', 'unit_id'], beside: () => import('./Rule.vue') },
})
