import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, h, type App, type FunctionalComponent } from 'vue'
import { i18n, setLocale } from '../i18n'
import { useSession, type Me } from '../session/session'
import FieldValue from './FieldValue.vue'
import type { Field } from './types'

const ABOUT = { name: 'about', label: { zh: '相关记录', en: 'About' }, type: 'object' } as unknown as Field
// The router's own link needs a router.
const Link: FunctionalComponent<{ to: string }> = ({ to }, { slots }) => h('a', { href: to }, slots.default?.())
Link.props = ['to']
let app: App
let page: HTMLElement
function show(value: unknown, permissions: Record<string, object> = { 'lead:read': {} }): void {
  useSession().me = { permissions } as unknown as Me
  app = createApp(FieldValue, { field: ABOUT, value, links: true })
  app.component('RouterLink', Link)
  app.use(i18n).mount(page)
}
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  page = document.body.appendChild(document.createElement('main'))
  vi.stubGlobal('fetch', async () => Response.json({ items: [{ id: 'l1', name: '榕荫科技' }], next_cursor: null }))
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

test('what a record is about is named and leads there', async () => {
  show({ type: 'lead', id: 'l1' })
  await vi.waitFor(() => expect(page.querySelector('a')?.textContent).toBe('榕荫科技'))
  expect(page.querySelector('a')?.getAttribute('href')).toBe('/leads/l1')
  expect(page.textContent).toContain('线索')
})

test('what the reader may not see is said to be out of sight, and what is about nothing is empty', async () => {
  show({ type: 'order', id: 'o1' })
  await vi.waitFor(() => expect(page.textContent).toContain('无权查看'))
  expect(page.querySelector('a')).toBeNull()
  app.unmount()
  show(null)
  expect(page.textContent).toBe('—')
})
