import { MapLocation } from '@element-plus/icons-vue'
import { definePage } from '../../records/screen'

export default definePage({ path: '/regions', area: 'settings', icon: MapLocation, title: 'regions.title', order: 45, permission: 'region:read', component: () => import('./RegionsPage.vue') })
