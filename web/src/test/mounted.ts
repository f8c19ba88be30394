import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, vi } from 'vitest'
import { createApp, nextTick, type App, type Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, setLocale } from '../i18n'
import type { Me } from '../session/session'

// Each test of a file that imports this begins in Chinese, with nobody signed in and nothing kept on the device, and
// leaves an empty page and the browser's own globals behind.
const shown: App[] = []
beforeEach(() => {
  localStorage.clear()
  setLocale('zh-CN')
  setActivePinia(createPinia())
})
afterEach(() => {
  leave()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

/** Draws a component on a page of its own, at the address `at`; links may lead anywhere. A query that fails is not repeated. */
export async function mounted(
  component: Component,
  props: Record<string, unknown> = {},
  { at = '/', client = new QueryClient({ defaultOptions: { queries: { retry: false } } }) } = {},
): Promise<HTMLElement> {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push(at)
  const page = document.body.appendChild(document.createElement('main'))
  const app = createApp(component, props).use(i18n).use(router).use(VueQueryPlugin, { queryClient: client })
  app.mount(page)
  shown.push(app)
  return page
}

/** Takes down what is drawn, as another page does. */
export function leave(): void {
  for (const app of shown.splice(0)) app.unmount()
}

/** Somebody who has these permissions for their own records: for `useSession().me`. */
export function person(id: string, ...permissions: string[]): Me {
  const own = { everything: false, own: true, units: [], subtrees: [] }
  return {
    user: { id, username: id, display_name: id, email: null, unit_id: '', locale: 'zh-CN', role_ids: [] },
    units: [],
    companies: [],
    company_id: null,
    permissions: Object.fromEntries(permissions.map((permission) => [permission, own])),
    fields: {},
    must_change_password: false,
  }
}

/** The first element that says this and no more. */
export function named<Found extends HTMLElement = HTMLElement>(selector: string, text: string): Found | undefined {
  return [...document.querySelectorAll<Found>(selector)].find((one) => one.textContent?.trim() === text)
}

/** Types into a field, over what stands there. */
export async function fill(field: HTMLInputElement | HTMLTextAreaElement, text: string): Promise<void> {
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  await nextTick()
}
