import { beforeEach, expect, test, vi } from 'vitest'
import { setLocale } from '../../i18n'
import { mounted, named } from '../../test/mounted'
import screen from './screen'
import FunnelPage from './FunnelPage.vue'

const DAY = 86_400_000
const STAGE = { stage: 'qualify', name: '需求确认', name_en: null, probability: 10, count: 1, amounts: [], weighted: [] }
const DEAL = { id: 'd1', name: '二号车间设备', customer_id: 'c1', amount: null, active_at: new Date(Date.now() - 45 * DAY).toISOString(), updated_at: new Date().toISOString() }
let asked: URL[]
let page: HTMLElement
beforeEach(async () => {
  setLocale('en')
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    if (url.pathname.endsWith('/funnel')) return Response.json({ pipelines: [{ id: 'p1', name: '标准', stages: [STAGE] }] })
    if (url.pathname.endsWith('/opportunities')) asked.push(url)
    return Response.json({ items: url.pathname.endsWith('/opportunities') ? [DEAL] : [], total: 17 })
  })
  page = await mounted(FunnelPage, {}, { at: '/funnel?owner_id=u1' })
  await vi.waitFor(() => expect(page.textContent).toContain(DEAL.name))
})

test('what stands still are the deals found stalled, and how long nobody has worked on them', () => {
  const query = Object.fromEntries(asked[0]!.searchParams)
  expect(query).toMatchObject({ status__in: 'open', stalled_at__isnull: 'false', sort: 'active_at' })
  expect(Object.keys(query).filter((name) => name.startsWith('updated_at'))).toEqual([])
  expect(page.querySelector('li small')?.textContent).toBe('not worked on for 45 days')
})

test('all of them are one click away, as the view of that name shows them', () => {
  const all = named<HTMLAnchorElement>('a', 'All')
  const { owner_id__in: owner, ...query } = Object.fromEntries(new URL(all!.href, location.origin).searchParams)
  expect(owner).toBe('u1')
  expect(query).toEqual(screen.views?.find((view) => view.name === 'stalled')?.query)
  expect(page.textContent).toContain('17')
})
