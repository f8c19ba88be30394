import { beforeEach, expect, test, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'
import type { Field } from '../../records/types'
import { fill, mounted, named } from '../../test/mounted'
import type { SpecialDay } from './days'
import DaysInput from './DaysInput.vue'

// A date picker takes seconds to draw itself here: a plain input stands in for it.
vi.mock('element-plus/es', async (original) => {
  const { h } = await import('vue')
  const ElDatePicker = (props: { modelValue: string }, { emit }: { emit: (name: string, value: string) => void }) => h('input', { class: 'date', value: props.modelValue, onInput: (event: Event) => emit('update:modelValue', (event.target as HTMLInputElement).value) })
  return { ...(await original<object>()), ElDatePicker: Object.assign(ElDatePicker, { props: ['modelValue'], emits: ['update:modelValue'] }) }
})

const FIELD = { name: 'special_days', label: { zh: '特殊日期', en: 'Special days' }, type: 'rows' } as unknown as Field
const YEAR = new Date().getFullYear()
const days = (first: string, last: string, name: string, as_weekday: number | null = null): SpecialDay => ({ first_on: first, last_on: last, name, as_weekday })
const NATIONAL_DAY = days(`${YEAR}-10-01`, `${YEAR}-10-07`, '国庆节')
const LAST_YEAR = days(`${YEAR - 1}-05-01`, `${YEAR - 1}-05-05`, '劳动节')

const rows = ref<SpecialDay[]>([])
const errors = ref<Record<string, string>>({})
let page: HTMLElement
async function open(now: SpecialDay[]): Promise<void> {
  rows.value = now
  page = await mounted({ render: () => h(DaysInput, { field: FIELD, modelValue: rows.value, values: {}, record: null, errors: errors.value, 'onUpdate:modelValue': (changed: SpecialDay[]) => { rows.value = changed } }) })
}
beforeEach(() => { errors.value = {} })
const lines = (): (string | undefined)[] => [...page.querySelectorAll('li .line')].map((one) => [...one.children].map((part) => part.textContent?.trim()).join(' '))

test('public holidays are filled in where their days are free, and how many is said', async () => {
  const asked: (string | null)[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.endsWith('/countries')) return Response.json({ items: ['CN', 'US'] })
    asked.push(searchParams.get('country'), searchParams.get('year'))
    return Response.json({ items: [days(`${YEAR}-01-01`, `${YEAR}-01-01`, '元旦'), days(`${YEAR}-10-03`, `${YEAR}-10-08`, '国庆节'), days(`${YEAR}-10-10`, `${YEAR}-10-10`, '调休上班', 1)] })
  })
  await open([NATIONAL_DAY])
  named('button', '+ 添加公共假日')!.click()
  await vi.waitFor(() => expect(page.querySelector('.country .el-select__placeholder')?.textContent?.trim()).toBe('中国'))
  named('button', '添加')!.click()
  await vi.waitFor(() => expect(page.querySelector('[role=status]')?.textContent).toBe('已添加 2 项 · 1 项与已有日期重叠，未添加'))
  expect(asked).toEqual(['CN', String(YEAR)])
  expect(rows.value.map((row) => row.name)).toEqual(['元旦', '国庆节', '调休上班'])
  expect(rows.value[1]).toEqual(NATIONAL_DAY)
  expect(lines()).toEqual([`${YEAR}-01-01 元旦 休息`, `${YEAR}-10-01 – ${YEAR}-10-07 国庆节 休息`, `${YEAR}-10-10 调休上班 按星期一上班`])
})

test('a day is added, one day long until its end is set, and taken away again', async () => {
  await open([NATIONAL_DAY])
  named('button', '+ 添加日期')!.click()
  const name = await vi.waitUntil(() => page.querySelector<HTMLInputElement>('[data-row="1"] .name input'))
  await fill(name, '厂休')
  const [first, last] = [...page.querySelectorAll<HTMLInputElement>('.date')]
  await fill(first!, `${YEAR}-11-02`)
  expect(rows.value[1]).toEqual(days(`${YEAR}-11-02`, `${YEAR}-11-02`, '厂休'))
  await fill(last!, `${YEAR}-11-03`)
  named('.el-select-dropdown__item', '按星期三上班')!.click()
  await vi.waitFor(() => expect(rows.value[1]).toEqual(days(`${YEAR}-11-02`, `${YEAR}-11-03`, '厂休', 3)))
  named('button', '完成')!.click()
  await vi.waitFor(() => expect(lines()[1]).toBe(`${YEAR}-11-02 – ${YEAR}-11-03 厂休 按星期三上班`))
  page.querySelector<HTMLButtonElement>('[aria-label="删除“厂休”"]')!.click()
  await vi.waitFor(() => expect(rows.value).toEqual([NATIONAL_DAY]))
})

test('days of earlier years are out of the way until asked for', async () => {
  await open([LAST_YEAR, NATIONAL_DAY])
  expect(lines()).toEqual([`${YEAR}-10-01 – ${YEAR}-10-07 国庆节 休息`])
  named('button', '+ 往年的日期（1）')!.click()
  await vi.waitFor(() => expect(lines()).toHaveLength(2))
})

test('what the server finds wrong stands in its row, which is open for writing, whatever its year', async () => {
  await open([LAST_YEAR, NATIONAL_DAY])
  errors.value = { '/special_days/0/last_on': '结束日期不得早于起始日期' }
  await nextTick()
  expect([...page.querySelectorAll('[role=alert]')].map((one) => one.textContent)).toEqual(['结束日期不得早于起始日期'])
  await vi.waitFor(() => expect(page.querySelector('[data-row="0"] .editor')).not.toBeNull())
  expect(page.querySelector('[data-row="0"] [role=alert]')).not.toBeNull()
})
