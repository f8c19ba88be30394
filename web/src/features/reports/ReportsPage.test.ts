import { beforeEach, expect, test, vi } from 'vitest'
import { useJobs } from '../../records/jobs'
import { useSession } from '../../session/session'
import { leave, mounted, named, person } from '../../test/mounted'
import ReportsPage from './ReportsPage.vue'

const LABEL = { zh: '客户构成', en: 'Composition' }
let parameters: string[]
let asked: string[]
beforeEach(() => {
  parameters = ['region_code']
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    const path = url.pathname.replace('/api/v1', '')
    asked.push(`${request.method} ${path}${url.search}`)
    if (path === '/reports') return Response.json({ items: [{ name: 'composition', label: LABEL, groups: [{ value: 'kind', label: LABEL }], columns: [], parameters: parameters.map((name) => ({ name, label: LABEL })) }] })
    if (path === '/reports/composition') return Response.json({ report: 'composition', label: LABEL, group_by: 'kind', columns: [], rows: [], rest: [], totals: [] })
    if (path === '/reports/rebuild') return Response.json({ id: 'insight.1', kind: 'rebuild', state: 'done', progress: { done: 1, total: 1 }, counts: {}, errors: [] })
    return Response.json({ items: [], next_cursor: null })
  })
})
async function open(address: string, ...permissions: string[]): Promise<HTMLElement> {
  useSession().me = person('wang', ...permissions)
  const page = await mounted(ReportsPage, {}, { at: address })
  await vi.waitFor(() => expect(page.querySelector('.controls')).not.toBeNull())
  return page
}

test('figures are narrowed to a region, for who may be told of it', async () => {
  const page = await open('/reports?region_code=110000', 'region:read')
  expect(page.querySelector('.controls')?.textContent).toContain('区域及下级')
  await vi.waitFor(() => expect(asked.some((one) => one.startsWith('GET /reports/composition?') && one.includes('region_code=110000'))).toBe(true))
  leave()
  parameters = []
  const other = await open('/reports', 'region:read')
  expect(other.querySelector('.controls')?.textContent).not.toContain('区域及下级')
})

test('who looks after the reports has them computed anew, after a question, and can follow it', async () => {
  await open('/reports', 'report:read', 'report:configure')
  named('button', '重算数据')?.click()
  await vi.waitFor(() => expect(document.querySelector('.el-message-box')?.textContent).toContain('完成前数字可能变动'))
  expect(asked.filter((one) => one.startsWith('POST'))).toEqual([])
  document.querySelector<HTMLButtonElement>('.el-message-box .el-button--primary')?.click()
  await vi.waitFor(() => expect(useJobs().followed.map(({ title }) => title)).toEqual(['重算报表、搜索和工作台']))
  expect(asked.filter((one) => one.startsWith('POST'))).toEqual(['POST /reports/rebuild'])
})

test('nobody else is offered that', async () => {
  await open('/reports', 'report:read', 'report:export')
  expect(named('button', '重算数据')).toBeUndefined()
})
