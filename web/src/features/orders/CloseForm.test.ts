import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { i18n, setLocale } from '../../i18n'

const { default: CloseForm } = await import('./CloseForm.vue')

const submitted = vi.fn()
let app: App
let form: HTMLElement
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  submitted.mockReset()
})
afterEach(() => {
  app.unmount()
  document.body.innerHTML = ''
})
function open(delivered: string): void {
  const record = { lines: [{ line: 1, name: '轴承', unit: '件', quantity: '10', delivered_quantity: delivered, returned_quantity: '0' }] }
  form = document.body.appendChild(document.createElement('main'))
  app = createApp(CloseForm, { record, errors: {}, busy: false, onSubmit: submitted })
  app.use(i18n).mount(form)
}
const send = (): unknown => form.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))

test('an order that is delivered is put away without further words', () => {
  open('10')
  expect(form.textContent).toContain('已交付完毕')
  expect(form.querySelector('input')).toBeNull()
  send()
  expect(submitted).toHaveBeenCalledWith({})
})

test('the rest of a part delivery is named, and why it is cancelled may be said', async () => {
  open('6.5')
  expect(form.textContent).toContain('尚未交付')
  expect(form.querySelector('li')?.textContent).toBe('轴承3.5 件')
  send()
  expect(submitted).toHaveBeenLastCalledWith({})
  const field = form.querySelector('input')!
  field.value = ' 停产 '
  field.dispatchEvent(new Event('input'))
  await nextTick()
  send()
  expect(submitted).toHaveBeenLastCalledWith({ reason: '停产' })
})
