import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../../i18n'
import { useSession, type Me } from '../../session/session'

const { default: RegionsPage } = await import('./RegionsPage.vue')

const PROVINCE = { code: '440000', level: 'province', name: '广东省', short_name: '广东', parent_code: null, remarks: null, version: 1 }
let broken: boolean
let counted: URL[]
let app: App
let page: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  useSession().me = { user: { id: 'u1' }, permissions: { 'customer:read': {} } } as unknown as Me
  broken = false
  counted = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    if (url.pathname.endsWith('/customers')) {
      counted.push(url)
      return Response.json({ items: [], total: 12 })
    }
    if (url.pathname.endsWith(PROVINCE.code)) return Response.json(PROVINCE)
    return broken ? Response.json({ detail: '稍后再试' }, { status: 422 }) : Response.json({ items: [PROVINCE] })
  })
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
})
async function open(path: string): Promise<void> {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push(path)
  page = document.createElement('main')
  app = createApp(RegionsPage)
  app.use(i18n).use(router).use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) }).mount(page)
}

test('customers of a province are those of all below it, counted and listed', async () => {
  await open('/regions?code=440000')
  await vi.waitFor(() => expect(page.textContent).toContain('12 个客户'))
  expect(counted[0]!.searchParams.get('region_code__under')).toBe('440000')
  const link = [...page.querySelectorAll('a')].find((one) => one.textContent === '12 个客户')
  expect(new URL(link!.href, location.origin).search).toBe('?region_code__under=440000')
})

test('provinces that did not come can be asked for again', async () => {
  broken = true
  await open('/regions')
  await vi.waitFor(() => expect(page.textContent).toContain('稍后再试'))
  broken = false
  ;[...page.querySelectorAll('button')].find((one) => one.textContent === '重试')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('广东省'))
})
