import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../../i18n'
import { useSession, type Me } from '../../session/session'
import { dayKey } from '../activities/times'

// A date picker takes seconds to draw itself here, and these tests are not about dates.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))
const { default: MoneyTab } = await import('./MoneyTab.vue')

const yesterday = (now = new Date()): string => dayKey(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))
const MONEY = { amount: '80.00', currency: 'CNY' }
let app: App
let page: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  useSession().me = { user: { id: 'u1' }, companies: [], units: [], permissions: { 'receivable:read': {}, 'payment:read': {} } } as unknown as Me
  const rows: Record<string, object> = {
    receivables: { id: 'r1', order_id: 'o1', order_number: 'SO-1', due_on: yesterday(), outstanding: MONEY, status: 'overdue' },
    payments: { id: 'p1', received_on: '2026-03-01', amount: MONEY, reference: null },
  }
  vi.stubGlobal('fetch', async (request: Request) => {
    const row = rows[new URL(request.url).pathname.split('/').at(-1) ?? '']
    return Response.json({ items: row ? [row] : [], total: 11, fields: [], can: [], verbs: [] })
  })
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  page = document.createElement('main')
  app = createApp(MoneyTab, { record: { id: 'c1' } })
  app.use(i18n).use(router).use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) }).mount(page)
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
})

test('what was due yesterday is a day late, as in the list of receivables', async () => {
  await vi.waitFor(() => expect(page.textContent).toContain('SO-1'))
  expect(page.querySelector('.bad')?.textContent).toBe('逾期 1 天')
})

test('all payments of the customer are one click away', async () => {
  await vi.waitFor(() => expect(page.textContent).toContain('2026-03-01'))
  const all = [...page.querySelectorAll('a')].find((one) => one.textContent === '全部收款')
  expect(all?.getAttribute('href')).toBe('/payments?customer_id__in=c1')
})
