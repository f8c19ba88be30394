import { Promotion } from '@element-plus/icons-vue'
import { call, get, post } from '../../api/client'
import { t } from '../../i18n'
import { defineScreen, type BoardColumn } from '../../records/screen'
import type { Page, RecordRow, Schema } from '../../records/types'
import { askReason } from './reason'

const STATES = ['new', 'working', 'converting', 'converted', 'discarded']

async function columns(filters: Record<string, string>): Promise<BoardColumn[]> {
  const schema = await get<Schema>('/leads/schema')
  const options = schema.fields.find((field) => field.name === 'status')?.options ?? []
  const pages = await Promise.all(STATES.map((status) => get<Page>('/leads', { ...filters, status, limit: 1, fields: 'id', count: true })))
  const english = document.documentElement.lang === 'en'
  return STATES.map((value, at) => {
    const named = options.find((option) => option.value === value)?.label
    return { value, label: named ? (english ? named.en : named.zh) : value, count: pages[at]?.total }
  })
}

/** Two columns need more than a drag: giving up wants a reason, converting a decision about the customer. */
async function move(lead: RecordRow, to: string): Promise<unknown> {
  if (to === 'discarded') return post(`/leads/${lead.id}/discard`, { reason: await askReason(String(lead.name)) })
  if (to === 'converting' || to === 'converted') throw new Error(t('leads.convert_in_record'))
  return call('PATCH', `/leads/${lead.id}`, { body: { status: to }, etag: `"${lead.version}"` })
}

export default defineScreen({
  collection: 'leads', resource: 'lead', area: 'sales', icon: Promotion, title: 'leads.title', order: 10,
  columns: ['name', 'company', 'phone', 'status', 'score', 'source', 'region_code', 'owner_id', 'created_at'],
  keyFields: ['company', 'phone', 'email', 'region_code', 'industry', 'source', 'score', 'owner_id', 'note', 'customer_id', 'contact_id', 'opportunity_id', 'discarded_reason', 'conversion_error'],
  views: [
    { name: 'open', title: 'leads.view_open', query: { status__in: 'new,working', sort: '-score' } },
    { name: 'pool', title: 'leads.view_pool', query: { owner_id__isnull: 'true', status__in: 'new,working' } },
    { name: 'converted', title: 'leads.view_converted', query: { status__in: 'converted' } },
    { name: 'refused', title: 'leads.view_refused', query: { conversion_error__isnull: 'false' } },
  ],
  tabs: [{ name: 'overview', title: 'leads.overview', component: () => import('./LeadOverview.vue') }],
  verbs: {
    convert: { tone: 'primary', form: () => import('./ConvertForm.vue'), shows: ['customer', 'customer_id', 'contact', 'opportunity'] },
    claim: { tone: 'primary' },
    discard: { tone: 'danger', menu: true },
    assign: { menu: false, nothing: { owner_id: 'leads.to_pool' } },
  },
  board: { by: 'status', columns, move, sort: '-score', card: ['company', 'phone', 'score', 'source', 'owner_id'] },
  form: { first: ['name', 'company', 'phone', 'email', 'source', 'score', 'region_code', 'note'], hidden: ['status'], beside: () => import('./Duplicates.vue') },
})
