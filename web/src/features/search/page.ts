import { Search } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/search', area: 'insight', icon: Search, title: 'search.title', order: 20, permission: 'search:read', component: () => import('./SearchPage.vue') })
