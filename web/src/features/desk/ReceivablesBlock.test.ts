import { beforeEach, expect, test, vi } from 'vitest'
import { mounted, named } from '../../test/mounted'
import { dayKey } from '../activities/times'
import ReceivablesBlock from './ReceivablesBlock.vue'

// A form is not what these tests are about, and its inputs take seconds to draw themselves here.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))

let items: object[]
let asked: URL[]
beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    if (url.pathname.endsWith('/receivables')) asked.push(url)
    return Response.json({ items, total: items.length })
  })
})

test('the block counts what its link leads to, and a day late is one day', async () => {
  const today = new Date()
  const yesterday = dayKey(new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1))
  items = [{ id: 'r1', order_number: 'SO-1', customer_id: 'c1', due_on: yesterday, outstanding: { amount: '80.00', currency: 'CNY' } }]
  const page = await mounted(ReceivablesBlock, { always: true })
  await vi.waitFor(() => expect(page.textContent).toContain('SO-1'))
  expect(page.textContent).toContain('逾期 1 天')
  const { limit: _limit, count: _count, ...query } = Object.fromEntries(asked[0]!.searchParams)
  const all = named<HTMLAnchorElement>('a', '全部')
  expect(Object.fromEntries(new URL(all!.href, location.origin).searchParams)).toEqual(query)
  expect(query).toMatchObject({ mine: 'true', status__in: 'overdue' })
})

test('who cares for no customers sees the block only when something is owed', async () => {
  items = []
  const page = await mounted(ReceivablesBlock, { always: false })
  await vi.waitFor(() => expect(asked.length).toBe(1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(page.querySelector('section')).toBeNull()
})
