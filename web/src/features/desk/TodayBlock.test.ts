import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../../session/session'
import { mounted, named, person } from '../../test/mounted'
import TodayBlock from './TodayBlock.vue'

// A date picker takes seconds to draw itself here, and these tests are not about dates.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))

const yesterday = new Date(Date.now() - 86_400_000).toISOString()
const ROWS = Array.from({ length: 8 }, (_, n) => ({ id: `a${n}`, subject: `事务 ${n}`, due_at: yesterday, can: [] }))
let lists: URLSearchParams[]
let page: HTMLElement
beforeEach(async () => {
  useSession().me = person('u1')
  lists = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const query = new URL(request.url).searchParams
    if (query.get('limit') === '1') return Response.json({ items: [ROWS[0]], total: 31 })
    lists.push(query)
    return Response.json(query.has('due_at__gte') ? { items: [], total: 0 } : { items: ROWS, total: 34 })
  })
  page = await mounted(TodayBlock)
})

test('all that is late is counted, and all that is due is what the link leads to', async () => {
  await vi.waitFor(() => expect(page.textContent).toContain('31 项逾期'))
  const due = lists.find((query) => !query.has('due_at__gte'))
  const all = named<HTMLAnchorElement>('a', '全部')
  expect(Object.fromEntries(new URL(all!.href, location.origin).searchParams)).toEqual({ status: 'planned', assignee_id__in: 'u1', due_at__lte: due?.get('due_at__lte'), sort: 'due_at' })
})
