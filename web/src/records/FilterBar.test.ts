import { beforeEach, expect, test, vi } from 'vitest'
import { mounted, named } from '../test/mounted'
import { seesValues, type Filter } from './fields'
import FilterBar from './FilterBar.vue'
import type { Field, Schema } from './types'

const CODE = { name: 'credit_code', label: { zh: '信用代码', en: 'Credit code' }, type: 'text', group: 'main', filterable: true, masked: false } as unknown as Field
const SCHEMA = { fields: [CODE], verbs: [], can: [] } as unknown as Schema
const FILTERS: Filter[] = [{ field: 'credit_code', operator: 'contains', value: '91' }, { field: 'doubled', operator: '', value: 'true' }]
const changed = vi.fn()
beforeEach(() => { changed.mockReset() })

test('a condition about no field is called by its name, and can be taken away but not edited', async () => {
  const bar = await mounted(FilterBar, { schema: SCHEMA, filters: FILTERS, conditions: { doubled: 'customers.doubled' }, onChange: changed })
  const [first, second] = [...bar.querySelectorAll('span.chip')]
  expect([first?.querySelectorAll('button').length, second?.querySelectorAll('button').length]).toEqual([2, 1])
  expect(second?.querySelector('.fixed')?.textContent).toBe('信用代码重复 是')
  second?.querySelector('button')?.click()
  expect(changed).toHaveBeenCalledWith([FILTERS[0]])
})

test.each(['multi_choice', 'choices'] as const)('of a field that holds several options one is asked for (%s)', async (type) => {
  const options = ['a', 'b'].map((value) => ({ value, label: { zh: value, en: value } }))
  const schema = { ...SCHEMA, fields: [{ ...CODE, name: 'kinds', type, options }] }
  const bar = await mounted(FilterBar, { schema, filters: [{ field: 'kinds', operator: '', value: 'a,b' }], onChange: changed })
  bar.querySelector<HTMLButtonElement>('.chip button')!.click()
  const chosen = (): (string | undefined)[] => [...document.querySelectorAll('.editor .el-select__placeholder')].map((one) => one.textContent?.trim())
  await vi.waitFor(() => expect(chosen().at(-1)).toBe('a'))
  named('.editor .el-select-dropdown__item', 'b')!.click()
  await vi.waitFor(() => expect(chosen().at(-1)).toBe('b'))
  document.querySelector('.editor')!.dispatchEvent(new Event('submit', { cancelable: true }))
  expect(changed).toHaveBeenLastCalledWith([{ field: 'kinds', operator: '', value: 'b' }])
})

test('a view that needs the values of a field is not for whom they are closed', () => {
  const masked = { ...SCHEMA, fields: [{ ...CODE, masked: true }] }
  expect([seesValues(SCHEMA, 'credit_code'), seesValues(masked, 'credit_code'), seesValues({ ...SCHEMA, fields: [] }, 'credit_code'), seesValues(undefined, 'credit_code')]).toEqual([true, false, false, false])
})
