import { Reading } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'articles', resource: 'article', area: 'service', icon: Reading, title: 'articles.title', order: 30, titleField: 'title',
  columns: ['title', 'category', 'excerpt', 'status', 'helpful_count', 'owner_id', 'updated_at'],
  keyFields: ['category', 'tags', 'owner_id', 'unit_id', 'published_at', 'helpful_count', 'unhelpful_count', 'updated_at'],
  internal: ['body', 'excerpt'],
  views: [
    { name: 'published', title: 'articles.view_published', query: { status__in: 'published' } },
    { name: 'review', title: 'articles.view_review', query: { status__in: 'review' } },
    { name: 'draft', title: 'articles.view_draft', query: { status__in: 'draft' } },
    { name: 'retired', title: 'articles.view_retired', query: { status__in: 'retired' } },
  ],
  tabs: [{ name: 'read', title: 'articles.read', component: () => import('./Reader.vue') }],
  verbs: {
    submit: { ask: 'articles.submit_ask' },
    publish: { tone: 'primary', ask: 'articles.publish_ask' },
    retire: { tone: 'danger', ask: 'articles.retire_ask' },
    rate: { menu: true },
  },
  form: { first: ['title', 'category', 'tags', 'body'], inputs: { body: () => import('./BodyInput.vue') } },
})
