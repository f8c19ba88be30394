import { expect, test } from 'vitest'
import { mounted } from '../../test/mounted'
import CurrencyInput from './CurrencyInput.vue'

const FIELD = { name: 'currency', label: { zh: '币种', en: 'Currency' }, type: 'text', options: null, longest: 3 }
const shown = (record: object | null): Promise<HTMLElement> => mounted(CurrencyInput, { id: 'c', field: FIELD, modelValue: 'CNY', values: {}, record, errors: {} })

test.each([['a new claim', null], ['a claim without items', { currency: 'CNY', items: [] }]])('the currency of %s is open', async (_name, record) => {
  const page = await shown(record)
  expect(page.querySelector('input')?.disabled).toBe(false)
  expect(page.querySelector('p')).toBeNull()
})

test('the currency of a claim with items stays, and why is said', async () => {
  const page = await shown({ currency: 'CNY', items: [{}] })
  expect(page.querySelector('input')?.disabled).toBe(true)
  expect(document.getElementById(page.querySelector('input')?.getAttribute('aria-describedby') ?? '')?.textContent).toContain('按 CNY 折算')
})
