import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { i18n, setLocale } from '../i18n'
import { seesValues, type Filter } from './fields'
import type { Field, Schema } from './types'

const { default: FilterBar } = await import('./FilterBar.vue')

const CODE = { name: 'credit_code', label: { zh: '信用代码', en: 'Credit code' }, type: 'text', group: 'main', filterable: true, masked: false } as unknown as Field
const SCHEMA = { fields: [CODE], verbs: [], can: [] } as unknown as Schema
const FILTERS: Filter[] = [{ field: 'credit_code', operator: 'contains', value: '91' }, { field: 'doubled', operator: '', value: 'true' }]
const changed = vi.fn()
let app: App | undefined
beforeEach(() => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
})
afterEach(() => {
  app?.unmount()
  app = undefined
  document.body.innerHTML = ''
})

async function shown(props: Record<string, unknown>): Promise<HTMLElement> {
  const bar = document.body.appendChild(document.createElement('main'))
  app = createApp(FilterBar, { ...props, onChange: changed })
  app.use(i18n).mount(bar)
  await nextTick()
  return bar
}

test('a condition about no field is called by its name, and can be taken away but not edited', async () => {
  const bar = await shown({ schema: SCHEMA, filters: FILTERS, conditions: { doubled: 'customers.doubled' } })
  const [first, second] = [...bar.querySelectorAll('span.chip')]
  expect([first?.querySelectorAll('button').length, second?.querySelectorAll('button').length]).toEqual([2, 1])
  expect(second?.querySelector('.fixed')?.textContent).toBe('信用代码重复 是')
  second?.querySelector('button')?.click()
  expect(changed).toHaveBeenCalledWith([FILTERS[0]])
})

test.each(['multi_choice', 'choices'] as const)('of a field that holds several options one is asked for (%s)', async (type) => {
  const options = ['a', 'b'].map((value) => ({ value, label: { zh: value, en: value } }))
  const schema = { ...SCHEMA, fields: [{ ...CODE, name: 'kinds', type, options }] }
  const bar = await shown({ schema, filters: [{ field: 'kinds', operator: '', value: 'a,b' }] })
  bar.querySelector<HTMLButtonElement>('.chip button')!.click()
  const chosen = (): (string | undefined)[] => [...document.querySelectorAll('.editor .el-select__placeholder')].map((one) => one.textContent?.trim())
  await vi.waitFor(() => expect(chosen().at(-1)).toBe('a'))
  const option = [...document.querySelectorAll<HTMLElement>('.editor .el-select-dropdown__item')].find((one) => one.textContent?.trim() === 'b')
  option!.click()
  await vi.waitFor(() => expect(chosen().at(-1)).toBe('b'))
  document.querySelector('.editor')!.dispatchEvent(new Event('submit', { cancelable: true }))
  expect(changed).toHaveBeenLastCalledWith([{ field: 'kinds', operator: '', value: 'b' }])
})

test('a view that needs the values of a field is not for whom they are closed', () => {
  const masked = { ...SCHEMA, fields: [{ ...CODE, masked: true }] }
  expect([seesValues(SCHEMA, 'credit_code'), seesValues(masked, 'credit_code'), seesValues({ ...SCHEMA, fields: [] }, 'credit_code'), seesValues(undefined, 'credit_code')]).toEqual([true, false, false, false])
})
