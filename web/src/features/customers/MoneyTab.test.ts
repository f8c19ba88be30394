import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../../session/session'
import { mounted, named, person } from '../../test/mounted'
import { dayKey } from '../activities/times'
import MoneyTab from './MoneyTab.vue'

// A date picker takes seconds to draw itself here, and these tests are not about dates.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))

const yesterday = (now = new Date()): string => dayKey(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))
const MONEY = { amount: '80.00', currency: 'CNY' }
let page: HTMLElement
beforeEach(async () => {
  useSession().me = person('u1', 'receivable:read', 'payment:read')
  const rows: Record<string, object> = {
    receivables: { id: 'r1', order_id: 'o1', order_number: 'SO-1', due_on: yesterday(), outstanding: MONEY, status: 'overdue' },
    payments: { id: 'p1', received_on: '2026-03-01', amount: MONEY, reference: null },
  }
  vi.stubGlobal('fetch', async (request: Request) => {
    const row = rows[new URL(request.url).pathname.split('/').at(-1) ?? '']
    return Response.json({ items: row ? [row] : [], total: 11, fields: [], can: [], verbs: [] })
  })
  page = await mounted(MoneyTab, { record: { id: 'c1' } })
})

test('what was due yesterday is a day late, as in the list of receivables', async () => {
  await vi.waitFor(() => expect(page.textContent).toContain('SO-1'))
  expect(page.querySelector('.bad')?.textContent).toBe('逾期 1 天')
})

test('all payments of the customer are one click away', async () => {
  await vi.waitFor(() => expect(page.textContent).toContain('2026-03-01'))
  expect(named('a', '全部收款')?.getAttribute('href')).toBe('/payments?customer_id__in=c1')
})
