import { Avatar } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/account', area: 'settings', icon: Avatar, title: 'account.title', order: 90, component: () => import('./AccountPage.vue') })
