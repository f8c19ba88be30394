import { TrendCharts } from '@element-plus/icons-vue'
import { shallowReactive } from 'vue'
import { get, post } from '../../api/client'
import { locale } from '../../i18n'
import type { Money } from '../../i18n/format'
import { defineScreen, type BoardColumn } from '../../records/screen'

interface Stage { stage: string; name: string; name_en: string | null; count: number; amounts: Money[] }
interface Funnel { pipelines: { id: string; stages: Stage[] }[] }
interface Pipeline { id: string; stages: { key: string; name: string; name_en: string | null }[] }

const named = (stage: { name: string; name_en: string | null }): string => (locale.value === 'en' ? stage.name_en || stage.name : stage.name)

/** Stage names by pipeline and key; asked once, when the first stage is shown. */
const stages = shallowReactive(new Map<string, { name: string; name_en: string | null }>())
let asked = false

function stageName(value: unknown, record: Record<string, unknown>): string | undefined {
  if (!asked) {
    asked = true
    void get<{ items: Pipeline[] }>('/pipelines', { limit: 200 }).then(
      (page) => page.items.forEach((pipeline) => pipeline.stages.forEach((stage) => stages.set(`${pipeline.id}.${stage.key}`, stage))),
      () => (asked = false),
    )
  }
  const stage = stages.get(`${String(record.pipeline_id)}.${String(value)}`)
  return stage && named(stage)
}

async function columns(filters: Record<string, string>): Promise<BoardColumn[]> {
  const { status: _status, ...rest } = filters
  const funnel = await get<Funnel>('/opportunities/funnel', rest)
  const found = funnel.pipelines.flatMap((pipeline) => pipeline.stages).map((stage) => ({ value: stage.stage, label: named(stage), count: stage.count, sums: stage.amounts }))
  if (found.length) return found
  // Without an open deal the funnel names no stage; the board still shows where one would begin.
  const pipelines = await get<{ items: Pipeline[] }>('/pipelines', { limit: 1 })
  return (pipelines.items[0]?.stages ?? []).map((stage) => ({ value: stage.key, label: named(stage), count: 0, sums: [] }))
}

export default defineScreen({
  collection: 'opportunities', resource: 'opportunity', area: 'sales', icon: TrendCharts, title: 'opportunities.title', order: 20,
  columns: ['name', 'customer_id', 'stage', 'amount', 'probability', 'expected_close_on', 'status', 'owner_id', 'updated_at'],
  keyFields: ['customer_id', 'contact_id', 'stage', 'amount', 'probability', 'expected_close_on', 'owner_id', 'next_step', 'competitor_ids', 'team_ids', 'source'],
  internal: ['board_position'],
  display: { stage: stageName },
  views: [
    { name: 'open', title: 'opportunities.view_open', query: { status__in: 'open' } },
    { name: 'won', title: 'opportunities.view_won', query: { status__in: 'won' } },
    { name: 'lost', title: 'opportunities.view_lost', query: { status__in: 'lost' } },
  ],
  tabs: [
    { name: 'plan', title: 'opportunities.plan', component: () => import('./PlanItems.vue') },
    { collection: 'orders', by: 'opportunity_id', columns: ['number', 'ordered_on', 'total', 'status'] },
  ],
  verbs: {
    win: { tone: 'primary', ask: 'opportunities.win_ask' },
    lose: { tone: 'danger' },
    advance: {
      hidden: ['board_position'],
      options: {
        stage: async (record) => (await get<Pipeline>(`/pipelines/${String(record.pipeline_id)}`)).stages.map((stage) => ({ value: stage.key, label: named(stage) })),
      },
    },
    assign: { menu: true },
  },
  board: { by: 'stage', filter: { status: 'open' }, sort: '-updated_at', columns, move: (record, to) => post(`/opportunities/${record.id}/advance`, { stage: to }), card: ['customer_id', 'amount', 'expected_close_on', 'owner_id'] },
  form: { first: ['customer_id', 'name', 'amount', 'expected_close_on', 'next_step'], hidden: ['stage', 'pipeline_id', 'probability', 'board_position'] },
})
