import { beforeEach, expect, test } from 'vitest'
import { h, nextTick, ref } from 'vue'
import { mounted } from '../test/mounted'
import SortSelect from './SortSelect.vue'
import type { Field } from './types'

const FIELDS = ['name', 'created_at'].map((name) => ({ name, label: { zh: name, en: name } }) as Field)
const sort = ref('')
let place: HTMLElement
beforeEach(async () => {
  sort.value = ''
  place = await mounted({ render: () => h(SortSelect, { fields: FIELDS, sort: sort.value, usual: ['-created_at'], onSort: (next: string) => (sort.value = next) }) })
})
async function choose(name: string): Promise<void> {
  const select = place.querySelector('select')!
  select.value = name
  select.dispatchEvent(new Event('change'))
  await nextTick()
}
async function turn(): Promise<void> {
  place.querySelector('button')!.click()
  await nextTick()
}
const seen = (): (string | null | undefined)[] => [place.querySelector('select')!.value, place.querySelector('button')?.textContent, place.querySelector('button')?.getAttribute('aria-label')]

test('the usual order is shown as such, with its direction, and can be turned round', async () => {
  expect(seen()).toEqual(['', '↓', '降序，按下改为升序'])
  await turn()
  expect([sort.value, ...seen()]).toEqual(['created_at', 'created_at', '↑', '升序，按下改为降序'])
})

test('another field keeps the direction, and the usual order takes the choice back', async () => {
  await choose('name')
  expect(sort.value).toBe('-name')
  await turn()
  expect(sort.value).toBe('name')
  await choose('')
  expect(sort.value).toBe('')
})

test('of an order by several fields the first is shown', async () => {
  sort.value = '-name,created_at'
  await nextTick()
  expect(seen().slice(0, 2)).toEqual(['name', '↓'])
})
