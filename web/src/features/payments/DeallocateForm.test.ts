import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import { fill, mounted } from '../../test/mounted'
import DeallocateForm from './DeallocateForm.vue'

const RECORD = {
  amount: { amount: '100.00', currency: 'CNY' },
  allocations: [{ receivable_id: 'a', amount: '60.00' }, { receivable_id: 'b', amount: '10.00' }, { receivable_id: 'a', amount: '20.00' }],
}
const submitted = vi.fn()
let form: HTMLElement
beforeEach(async () => {
  submitted.mockReset()
  vi.stubGlobal('fetch', async () => Response.json({ items: [{ id: 'a', order_number: 'SO-1' }] }))
  form = await mounted(DeallocateForm, { record: RECORD, errors: {}, busy: false, onSubmit: submitted })
  await vi.waitFor(() => expect(form.textContent).toContain('SO-1'))
})
const rows = (): (string | undefined)[] => [...form.querySelectorAll('tbody tr')].map((row) => row.textContent?.trim())
const input = (at: number): HTMLInputElement => form.querySelectorAll('input')[at]!
async function send(): Promise<void> {
  form.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await nextTick()
}

test('each receivable is there once with what is allocated to it, also one that is out of sight', () => {
  expect(rows()).toEqual(['SO-1¥80.00', '（无权查看）¥10.00'])
})

test('what is typed is sent with its reason, and nothing typed is not sent', async () => {
  await send()
  expect(form.textContent).toContain('至少填写一笔金额')
  await fill(input(0), '30')
  await fill(input(2), '付错订单')
  await send()
  expect(submitted.mock.calls).toEqual([[{ allocations: [{ receivable_id: 'a', amount: '30.00' }], reason: '付错订单' }]])
})

test('more than is allocated is not sent', async () => {
  await fill(input(1), '10.01')
  await send()
  expect(form.textContent).toContain('超出已核销金额')
  expect(submitted).not.toHaveBeenCalled()
})
