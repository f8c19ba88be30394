import { HomeFilled } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/', area: 'desk', icon: HomeFilled, title: 'desk.title', order: 0, component: () => import('./DeskPage.vue') })
