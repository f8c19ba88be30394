import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../../session/session'
import { mounted, named, person } from '../../test/mounted'
import RegionsPage from './RegionsPage.vue'

const PROVINCE = { code: '440000', level: 'province', name: '广东省', short_name: '广东', parent_code: null, remarks: null, version: 1 }
let broken: boolean
let counted: URL[]
beforeEach(() => {
  useSession().me = person('u1', 'customer:read')
  broken = false
  counted = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    if (url.pathname.endsWith('/customers')) {
      counted.push(url)
      return Response.json({ items: [], total: 12 })
    }
    if (url.pathname.endsWith(PROVINCE.code)) return Response.json(PROVINCE)
    return broken ? Response.json({ detail: '稍后再试' }, { status: 422 }) : Response.json({ items: [PROVINCE] })
  })
})

test('customers of a province are those of all below it, counted and listed', async () => {
  const page = await mounted(RegionsPage, {}, { at: '/regions?code=440000' })
  await vi.waitFor(() => expect(page.textContent).toContain('12 个客户'))
  expect(counted[0]!.searchParams.get('region_code__under')).toBe('440000')
  const link = named<HTMLAnchorElement>('a', '12 个客户')
  expect(new URL(link!.href, location.origin).search).toBe('?region_code__under=440000')
})

test('provinces that did not come can be asked for again', async () => {
  broken = true
  const page = await mounted(RegionsPage, {}, { at: '/regions' })
  await vi.waitFor(() => expect(page.textContent).toContain('稍后再试'))
  broken = false
  named('button', '重试')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('广东省'))
})
