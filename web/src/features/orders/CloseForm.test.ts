import { beforeEach, expect, test, vi } from 'vitest'
import { fill, mounted } from '../../test/mounted'
import CloseForm from './CloseForm.vue'

const submitted = vi.fn()
let form: HTMLElement
beforeEach(() => { submitted.mockReset() })
async function open(delivered: string): Promise<void> {
  const record = { lines: [{ line: 1, name: '轴承', unit: '件', quantity: '10', delivered_quantity: delivered, returned_quantity: '0' }] }
  form = await mounted(CloseForm, { record, errors: {}, busy: false, onSubmit: submitted })
}
const send = (): unknown => form.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))

test('an order that is delivered is put away without further words', async () => {
  await open('10')
  expect(form.textContent).toContain('已交付完毕')
  expect(form.querySelector('input')).toBeNull()
  send()
  expect(submitted).toHaveBeenCalledWith({})
})

test('the rest of a part delivery is named, and why it is cancelled may be said', async () => {
  await open('6.5')
  expect(form.textContent).toContain('尚未交付')
  expect(form.querySelector('li')?.textContent).toBe('轴承3.5 件')
  send()
  expect(submitted).toHaveBeenLastCalledWith({})
  await fill(form.querySelector('input')!, ' 停产 ')
  send()
  expect(submitted).toHaveBeenLastCalledWith({ reason: '停产' })
})
