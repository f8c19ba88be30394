import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApp, type App } from 'vue'
import { i18n, setLocale } from '../../i18n'

const { default: CurrencyInput } = await import('./CurrencyInput.vue')

const FIELD = { name: 'currency', label: { zh: '币种', en: 'Currency' }, type: 'text', options: null, longest: 3 }
let app: App
beforeEach(() => { setLocale('zh-CN'); setActivePinia(createPinia()) })
afterEach(() => { app.unmount(); document.body.innerHTML = '' })

function shown(record: object | null): HTMLElement {
  const page = document.body.appendChild(document.createElement('main'))
  app = createApp(CurrencyInput, { id: 'c', field: FIELD, modelValue: 'CNY', values: {}, record, errors: {} })
  app.use(i18n).mount(page)
  return page
}

test.each([['a new claim', null], ['a claim without items', { currency: 'CNY', items: [] }]])('the currency of %s is open', (_name, record) => {
  const page = shown(record)
  expect(page.querySelector('input')?.disabled).toBe(false)
  expect(page.querySelector('p')).toBeNull()
})

test('the currency of a claim with items stays, and why is said', () => {
  const page = shown({ currency: 'CNY', items: [{}] })
  expect(page.querySelector('input')?.disabled).toBe(true)
  expect(document.getElementById(page.querySelector('input')?.getAttribute('aria-describedby') ?? '')?.textContent).toContain('按 CNY 折算')
})
