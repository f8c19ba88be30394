import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { i18n, setLocale } from '../../i18n'
import { useSession, type Me } from '../../session/session'

const { default: DeadEventsPage } = await import('./DeadEventsPage.vue')

const EVENT = { id: 'sales.e1', service: 'sales', source: 'customer', event_id: 'e1', type: 'crm.customer.customer.changed.v1', subject_id: 's1', subject_version: 4, attempts: 12, error: 'boom', received_at: '2026-11-26T08:00:00+00:00' }
let items: (typeof EVENT)[]
let unreached: string[]
let sent: string[]
let app: App | undefined
let page: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  items = [EVENT]
  unreached = []
  sent = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'POST') return Response.json({ items, unreached })
    sent.push(`${new URL(request.url).pathname} ${request.headers.has('Idempotency-Key')}`)
    items = []
    return new Response(null, { status: 204 })
  })
})
afterEach(() => {
  app?.unmount()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

async function open(permissions: string[], shows: string): Promise<void> {
  useSession().me = { permissions: Object.fromEntries(permissions.map((name) => [name, {}])) } as unknown as Me
  page = document.body.appendChild(document.createElement('main'))
  app = createApp(DeadEventsPage)
  app.component('RouterLink', { template: '<a><slot /></a>' })
  app.use(i18n).use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) }).mount(page)
  await vi.waitFor(() => expect(page.textContent).toContain(shows))
}
const button = (label: string, within: Element | Document = page): HTMLButtonElement | undefined => [...within.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)

test('an event that was given up is tried again, and the list is asked anew', async () => {
  await open(['system:read', 'system:configure'], EVENT.type)
  expect(page.textContent).toContain('boom')
  button('重试')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('没有失败事件'))
  expect(sent).toEqual(['/api/v1/system/dead-events/sales.e1/replay true'])
})

test('letting one go is asked about first', async () => {
  await open(['system:read', 'system:configure'], EVENT.type)
  button('放弃')?.click()
  const box = await vi.waitFor(() => {
    const found = document.querySelector('.el-message-box')
    if (!found) throw new Error('not asked yet')
    return found
  })
  expect(box.textContent).toContain(EVENT.type)
  expect(sent).toEqual([])
  box.querySelector<HTMLButtonElement>('.el-button--danger')?.click()
  await vi.waitFor(() => expect(sent).toEqual(['/api/v1/system/dead-events/sales.e1/drop true']))
})

test('who may only look sees the events and no buttons', async () => {
  await open(['system:read'], EVENT.type)
  expect([button('重试'), button('放弃')]).toEqual([undefined, undefined])
})

test('a service that did not answer is named, and the page does not say that all is well', async () => {
  items = []
  unreached = ['notify']
  await open(['system:read'], '通知')
  expect(page.textContent).not.toContain('没有失败事件')
})
