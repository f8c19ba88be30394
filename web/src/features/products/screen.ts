import { Box } from '@element-plus/icons-vue'
import { defineScreen } from '../../records/screen'

export default defineScreen({
  collection: 'products', resource: 'product', area: 'sales', icon: Box, title: 'products.title', order: 70,
  columns: ['name', 'code', 'unit', 'price', 'tax_rate', 'active', 'updated_at'],
  keyFields: ['code', 'price', 'unit', 'tax_rate', 'active', 'tags'],
  views: [
    { name: 'on', title: 'products.view_on_sale', query: { active: 'true' } },
    { name: 'off', title: 'products.view_off_sale', query: { active: 'false' } },
  ],
  form: { first: ['code', 'name', 'price', 'unit', 'tax_rate', 'active'], start: () => ({ active: true }) },
})
