import { Aim } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'competitors', resource: 'competitor', area: 'sales', icon: Aim, title: 'competitors.title', order: 80,
  columns: ['name', 'website', 'strengths', 'weaknesses', 'tags', 'updated_at'],
  keyFields: ['website', 'strengths', 'weaknesses', 'tags'],
  tabs: [
    { collection: 'opportunities', by: 'competitor_ids', filter: { status: 'open' }, title: 'competitors.against', columns: ['name', 'customer_id', 'stage', 'amount', 'owner_id'] },
    { collection: 'opportunities', by: 'lost_to_id', title: 'competitors.lost_to', columns: ['name', 'customer_id', 'amount', 'lost_reason'] },
  ],
  form: { first: ['name', 'website', 'strengths', 'weaknesses'] },
})
