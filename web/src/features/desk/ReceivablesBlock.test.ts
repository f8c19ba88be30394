import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../../i18n'
import { dayKey } from '../activities/times'

// A form is not what these tests are about, and its inputs take seconds to draw themselves here.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))
const { default: ReceivablesBlock } = await import('./ReceivablesBlock.vue')

const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
let items: object[]
let asked: URL[]
let app: App
let page: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    if (url.pathname.endsWith('/receivables')) asked.push(url)
    return Response.json({ items, total: items.length })
  })
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
})
function show(always: boolean): void {
  page = document.createElement('main')
  app = createApp(ReceivablesBlock, { always })
  app.use(i18n).use(router).use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) }).mount(page)
}

test('the block counts what its link leads to, and a day late is one day', async () => {
  const today = new Date()
  const yesterday = dayKey(new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1))
  items = [{ id: 'r1', order_number: 'SO-1', customer_id: 'c1', due_on: yesterday, outstanding: { amount: '80.00', currency: 'CNY' } }]
  show(true)
  await vi.waitFor(() => expect(page.textContent).toContain('SO-1'))
  expect(page.textContent).toContain('逾期 1 天')
  const { limit: _limit, count: _count, ...query } = Object.fromEntries(asked[0]!.searchParams)
  const all = [...page.querySelectorAll('a')].find((one) => one.textContent === '全部')
  expect(Object.fromEntries(new URL(all!.href, location.origin).searchParams)).toEqual(query)
  expect(query).toMatchObject({ mine: 'true', status__in: 'overdue' })
})

test('who cares for no customers sees the block only when something is owed', async () => {
  items = []
  show(false)
  await vi.waitFor(() => expect(asked.length).toBe(1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(page.querySelector('section')).toBeNull()
})
