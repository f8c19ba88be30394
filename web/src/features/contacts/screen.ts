import { User } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'contacts', resource: 'contact', area: 'customers', icon: User, title: 'contacts.title', order: 20,
  columns: ['name', 'customer_id', 'title', 'mobile', 'email', 'decision_maker', 'owner_id'],
  keyFields: ['customer_id', 'title', 'department', 'decision_maker', 'mobile', 'phone', 'email', 'wechat', 'birthday', 'preferences', 'owner_id'],
  views: [{ name: 'deciders', title: 'contacts.view_deciders', query: { decision_maker: 'true' } }],
  tabs: [
    { collection: 'interactions', by: 'contact_id', columns: ['subject', 'kind', 'occurred_at', 'owner_id'] },
    { collection: 'opportunities', by: 'contact_id', columns: ['name', 'stage', 'amount', 'status'] },
    { collection: 'activities', by: 'contact_id', columns: ['subject', 'kind', 'due_at', 'status'] },
    { collection: 'requests', by: 'contact_id', columns: ['number', 'summary', 'kind', 'status', 'due_at'] },
  ],
  downloads: [{ title: 'contacts.vcard', path: (record) => `/contacts/${record.id}.vcf` }],
  form: { first: ['customer_id', 'name', 'title', 'mobile', 'email', 'decision_maker'] },
})
