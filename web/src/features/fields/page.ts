import { SetUp } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/custom-fields', area: 'settings', icon: SetUp, title: 'fields.title', order: 40, permission: 'customer:configure', component: () => import('./FieldsPage.vue') })
