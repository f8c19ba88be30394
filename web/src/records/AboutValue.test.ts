import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../session/session'
import { leave, mounted, person } from '../test/mounted'
import FieldValue from './FieldValue.vue'
import type { Field } from './types'

const ABOUT = { name: 'about', label: { zh: '相关记录', en: 'About' }, type: 'object' } as unknown as Field
let page: HTMLElement
async function show(value: unknown): Promise<void> {
  page = await mounted(FieldValue, { field: ABOUT, value, links: true })
}
beforeEach(() => {
  useSession().me = person('u1', 'lead:read')
  vi.stubGlobal('fetch', async () => Response.json({ items: [{ id: 'l1', name: '榕荫科技' }], next_cursor: null }))
})

test('what a record is about is named and leads there', async () => {
  await show({ type: 'lead', id: 'l1' })
  await vi.waitFor(() => expect(page.querySelector('a')?.textContent).toBe('榕荫科技'))
  expect(page.querySelector('a')?.getAttribute('href')).toBe('/leads/l1')
  expect(page.textContent).toContain('线索')
})

test('what the reader may not see is said to be out of sight, and what is about nothing is empty', async () => {
  await show({ type: 'order', id: 'o1' })
  await vi.waitFor(() => expect(page.textContent).toContain('无权查看'))
  expect(page.querySelector('a')).toBeNull()
  leave()
  await show(null)
  expect(page.textContent).toBe('—')
})
