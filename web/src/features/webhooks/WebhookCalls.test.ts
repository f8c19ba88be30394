import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { i18n, setLocale } from '../../i18n'

const { default: WebhookCalls } = await import('./WebhookCalls.vue')

const CALL = { id: 'c1', type: 'order.confirmed', status: 'pending', attempts: 1, response_status: null, last_error: null, created_at: '2026-11-26T08:00:00Z', sent_at: null, envelope: {} }
let away: boolean
let app: App
let page: HTMLElement
let client: QueryClient
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  away = false
  vi.stubGlobal('fetch', async () => (away ? Response.json({ status: 500, code: 'broken', detail: '服务出错' }, { status: 500 }) : Response.json({ items: [CALL], next_cursor: null })))
  page = document.body.appendChild(document.createElement('main'))
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  app = createApp(WebhookCalls, { record: { id: 'w1', can: [] } })
  app.use(i18n).use(VueQueryPlugin, { queryClient: client }).mount(page)
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

test('calls that are shown stay when the next look fails, which can be repeated', async () => {
  await vi.waitFor(() => expect(page.querySelector('li')?.textContent).toContain('order.confirmed'))
  away = true
  await client.refetchQueries()
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')?.textContent).toContain('服务出错'))
  expect(page.querySelector('li')?.textContent).toContain('order.confirmed')

  away = false
  page.querySelector<HTMLButtonElement>('[role=alert] button')?.click()
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')).toBeNull())
})
