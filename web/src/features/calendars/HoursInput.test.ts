import { beforeEach, expect, test, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'
import type { Field } from '../../records/types'
import { fill, mounted, named } from '../../test/mounted'
import HoursInput from './HoursInput.vue'
import type { Hours } from './week'

const FIELD = { name: 'hours', label: { zh: '工作时间', en: 'Working hours' }, type: 'rows' } as unknown as Field
const MONDAY = { weekday: 1, opens: '09:00', closes: '12:00' }
const TUESDAY = { weekday: 2, opens: '08:17', closes: '24:00' }
const SATURDAY = { weekday: 6, opens: '10:00', closes: '14:00' }

const rows = ref<Hours[]>([])
const errors = ref<Record<string, string>>({})
let page: HTMLElement
beforeEach(async () => {
  rows.value = [MONDAY, TUESDAY, SATURDAY]
  errors.value = {}
  page = await mounted({ render: () => h(HoursInput, { field: FIELD, modelValue: rows.value, values: {}, record: null, errors: errors.value, 'onUpdate:modelValue': (now: Hours[]) => { rows.value = now } }) })
})
const day = (name: string): HTMLElement => page.querySelector<HTMLElement>(`[role=group][aria-label="${name}"]`)!
const times = (name: string): (string | undefined)[] => [...day(name).querySelectorAll('.el-select__placeholder')].map((one) => one.textContent?.trim())
async function press(name: string, button: string): Promise<void> {
  [...day(name).querySelectorAll('button')].find((one) => one.textContent?.trim() === button)!.click()
  await nextTick()
}

test('a day shows its hours, on whatever minute, or that it is closed', async () => {
  await vi.waitFor(() => expect([times('周一'), times('周二')]).toEqual([['09:00', '12:00'], ['08:17', '24:00']]))
  expect(day('周日').textContent).toContain('休息')
  expect(day('周一').textContent).not.toContain('休息')
})

test('hours are added after a break, and taken away again', async () => {
  await press('周一', '+ 加一段时间')
  expect(rows.value).toEqual([MONDAY, TUESDAY, SATURDAY, { weekday: 1, opens: '13:00', closes: '18:00' }])
  await vi.waitFor(() => expect(times('周一')).toEqual(['09:00', '12:00', '13:00', '18:00']))
  page.querySelector<HTMLButtonElement>('[aria-label="删除周一 09:00–12:00"]')!.click()
  await vi.waitFor(() => expect(times('周一')).toEqual(['13:00', '18:00']))
  expect(rows.value).toHaveLength(3)
})

test('the hours of a day become those of Monday to Friday, and no other day changes', async () => {
  await press('周一', '用于周一至周五')
  expect(rows.value.filter((row) => row.weekday <= 5)).toEqual([1, 2, 3, 4, 5].map((weekday) => ({ ...MONDAY, weekday })))
  expect(rows.value.filter((row) => row.weekday > 5)).toEqual([SATURDAY])
})

test('a time is chosen from the list, or typed', async () => {
  day('周二').querySelector<HTMLElement>('.el-select__wrapper')!.click()
  const offered = await vi.waitUntil(() => named('.el-select-dropdown__item', '08:30'))
  offered.click()
  await vi.waitFor(() => expect(rows.value[1]).toEqual({ ...TUESDAY, opens: '08:30' }))
  await fill(day('周一').querySelector('input')!, '915')
  const typed = await vi.waitUntil(() => named('.el-select-dropdown__item', '915'))
  typed.click()
  await vi.waitFor(() => expect(rows.value[0]).toEqual({ ...MONDAY, opens: '09:15' }))
})

test('what the server finds wrong stands at the hours that it is about', async () => {
  errors.value = { '/hours/1/closes': '下班时间须晚于上班时间', '/special_days/1/name': '别处' }
  await nextTick()
  expect([...page.querySelectorAll('[role=alert]')].map((one) => one.textContent)).toEqual(['下班时间须晚于上班时间'])
  expect(day('周二').querySelector('[data-row="1"] [role=alert]')).not.toBeNull()
})
