import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, test } from 'vitest'
import { createApp, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../../i18n'
import DeskBlock from './DeskBlock.vue'

const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
let app: App
afterEach(() => app.unmount())
function shown(of: { total?: number; pending?: boolean }): string {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  const page = document.createElement('main')
  app = createApp(DeskBlock, { title: '客户', none: '没有', to: '/customers', ...of })
  app.use(i18n).use(router).mount(page)
  return [...page.querySelectorAll('h2, header > span, a')].map((one) => one.textContent?.trim()).filter(Boolean).join(' | ')
}

test.each([
  ['how many there are, and all of them', { total: 34 }, '客户 34 | 全部'],
  ['all of them, however many there are', {}, '客户 | 全部'],
  ['that there is nothing', { total: 0 }, '客户 | ✓ 没有'],
  ['nothing yet while it is being asked', { pending: true }, '客户'],
])('a block says %s', (_what, of, words) => expect(shown(of)).toBe(words))
