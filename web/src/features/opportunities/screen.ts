import { TrendCharts } from '@element-plus/icons-vue'
import { get, post } from '../../api/client'
import { defineScreen } from '../../records/screen'
import { nameAmong, named, stageColumns, stageName, type Pipeline } from './stages'
import { STALLED } from './stalled'

export default defineScreen({
  collection: 'opportunities', resource: 'opportunity', area: 'sales', icon: TrendCharts, title: 'opportunities.title', order: 20,
  columns: ['name', 'customer_id', 'stage', 'amount', 'probability', 'expected_close_on', 'status', 'owner_id', 'active_at'],
  keyFields: ['customer_id', 'contact_id', 'stage', 'amount', 'probability', 'expected_close_on', 'owner_id', 'next_step', 'competitor_ids', 'team_ids', 'source'],
  internal: ['board_position'],
  display: { stage: stageName },
  views: [
    { name: 'open', title: 'opportunities.view_open', query: { status__in: 'open' } },
    { name: 'stalled', title: 'opportunities.view_stalled', query: STALLED },
    { name: 'won', title: 'opportunities.view_won', query: { status__in: 'won' } },
    { name: 'lost', title: 'opportunities.view_lost', query: { status__in: 'lost' } },
  ],
  tabs: [
    { name: 'overview', title: 'opportunities.overview', component: () => import('./DealOverview.vue') },
    { collection: 'orders', by: 'opportunity_id', columns: ['number', 'ordered_on', 'total', 'status'] },
    { name: 'claims', title: 'claims.title', component: () => import('../claims/ClaimsTab.vue'), permission: 'claim:read' },
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
  board: { by: 'stage', apart: { field: 'pipeline_id', name: nameAmong }, filter: { status: 'open' }, sort: '-updated_at', columns: stageColumns, move: (record, to) => post(`/opportunities/${record.id}/advance`, { stage: to }), card: ['customer_id', 'amount', 'expected_close_on', 'owner_id'] },
  form: { first: ['customer_id', 'name', 'amount', 'expected_close_on', 'next_step'], hidden: ['stage', 'pipeline_id', 'probability', 'board_position'], beside: () => import('./PipelineChoice.vue'), besideEdit: true },
})
