import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../../i18n'

// A date picker takes seconds to draw itself here, and these tests are not about dates.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))
const { default: TripDays } = await import('./TripDays.vue')

const TRIP = { id: 't1', starts_on: '2026-11-03', ends_on: '2026-11-03', status: 'active', customer_ids: ['c1'], can: ['finish'] }
const DAY = { id: 'd1', version: 1, on: '2026-11-03', customer_id: 'c1', contact_id: null, what: '见到采购经理', result: null, can: ['update'] }
let days: object[]
let sent: Record<string, unknown>[]
let app: App
let page: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  sent = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json({ items: request.url.includes('/records') ? days : [] })
    sent.push(await request.json())
    return Response.json(DAY)
  })
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

/** The form of the trip's day, opened by its button. */
async function opened(button: string): Promise<HTMLFormElement> {
  page = document.body.appendChild(document.createElement('main'))
  app = createApp(TripDays, { record: TRIP })
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  app.use(i18n).use(router).use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) }).mount(page)
  await vi.waitFor(() => expect(page.querySelector(`[aria-label="${button}"]`)).not.toBeNull())
  page.querySelector<HTMLButtonElement>(`[aria-label="${button}"]`)?.click()
  return vi.waitFor(() => {
    const form = page.querySelector('form')
    if (!form) throw new Error('not drawn yet')
    return form
  })
}
const labels = (form: HTMLElement): (string | null)[] => [...form.querySelectorAll('label')].map((one) => one.textContent)

test('whom a recorded visit was to is shown, and neither changed nor sent', async () => {
  days = [DAY]
  const form = await opened('编辑 2026-11-03 的记录')
  expect(labels(form).some((one) => one?.startsWith('客户'))).toBe(false)
  expect(form.textContent).toContain('请删除后重新记录')
  form.dispatchEvent(new Event('submit', { cancelable: true }))
  await vi.waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toEqual({ on: '2026-11-03', contact_id: null, what: '见到采购经理', result: null })
})

test('a day that was no visit can become one', async () => {
  days = [{ ...DAY, customer_id: null }]
  const form = await opened('编辑 2026-11-03 的记录')
  expect(labels(form).some((one) => one?.startsWith('客户'))).toBe(true)
})
