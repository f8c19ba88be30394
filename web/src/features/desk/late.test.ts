import { beforeEach, expect, test, vi } from 'vitest'
import { h } from 'vue'
import { mounted } from '../../test/mounted'
import { isLate, useLate } from './late'

const HOUR = 3_600_000
const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString()
let asked: URL[]
let page: HTMLElement
beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(new URL(request.url))
    return Response.json({ items: [], total: 20 })
  })
})
async function show(items: object[], total: number): Promise<void> {
  page = await mounted({
    setup() {
      const late = useLate('activities', { status: 'planned' }, { items, total })
      return () => h('p', String(late.value))
    },
  })
}

test('where more are late than a block shows, those that it does not show are counted too', async () => {
  await show([{ due_at: at(-30) }, { due_at: at(-1) }], 34)
  await vi.waitFor(() => expect(page.textContent).toBe('20'))
  const { due_at__lte: until, ...query } = Object.fromEntries(asked[0]!.searchParams)
  expect(query).toEqual({ status: 'planned', limit: '1', fields: 'id', count: 'true' })
  expect(Math.abs(Date.parse(until!) - Date.now())).toBeLessThan(60_000)
})

test.each([
  ['one of those shown is in time', [{ due_at: at(-1) }, { due_at: at(1) }], 34],
  ['all are shown', [{ due_at: at(-1) }], 1],
])('the server is not asked where %s', async (_why, items, total) => {
  await show(items, total)
  await new Promise((resolve) => setTimeout(resolve))
  expect([page.textContent, asked.length]).toEqual(['1', 0])
})

test('what is never due is never late', () => {
  expect([isLate({ due_at: null }, new Date()), isLate({}, new Date()), isLate({ due_at: at(-1) }, new Date())]).toEqual([false, false, true])
})
