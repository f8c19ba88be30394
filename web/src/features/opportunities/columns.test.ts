import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stageColumns } from './stages'

const named = (name: string) => ({ name, name_en: null })
const DIRECT = { id: 'direct', name: '直销', stages: [{ key: 'first', ...named('初步接洽') }, { key: 'proposal', ...named('方案报价') }] }
const PARTNERS = { id: 'partners', name: '渠道', stages: [{ key: 'register', ...named('报备') }, { key: 'proposal', ...named('渠道报价') }] }
const YUAN = [{ amount: '100.10', currency: 'CNY' }]

/** The number of deals in each stage, by pipeline. */
let deals: Record<string, number[]>
let refused: number
beforeEach(() => {
  deals = {}
  refused = 0
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    const all = [DIRECT, PARTNERS]
    if (pathname.endsWith('/funnel')) {
      const busy = all.filter((one) => deals[one.id])
      return Response.json({ pipelines: busy.map((one) => ({ ...one, stages: one.stages.map(({ key, ...stage }, at) => ({ ...stage, stage: key, count: deals[one.id]![at], amounts: one === DIRECT ? YUAN : null })) })) })
    }
    if (refused) return Response.json({ status: refused, code: 'refused', detail: '' }, { status: refused })
    const wanted = searchParams.get('id__in')
    return Response.json({ items: pathname.endsWith('/opportunities/pipelines') ? [DIRECT] : all.filter((one) => wanted === one.id), next_cursor: null })
  })
})
afterEach(() => { vi.unstubAllGlobals() })

const boards = async (filters: Record<string, string> = {}): Promise<string[]> => (await stageColumns(filters)).map((column) => `${column.of?.id} ${column.value} ${column.count}`)

test.each([[{}, 'direct'], [{ pipeline_id__in: 'partners' }, 'partners'], [{ pipeline_id: 'partners' }, 'partners']])('without a deal there is the board of one’s own unit, or of the pipeline that is asked for: %j', async (filters, id) => {
  expect([...new Set((await stageColumns(filters as Record<string, string>)).map((column) => column.of?.id))]).toEqual([id])
})

test('each pipeline has a board of its own, with its deals in a stage that both have; the one with most deals is first', async () => {
  deals = { direct: [1, 1], partners: [0, 3] }
  expect(await stageColumns({})).toEqual([
    { value: 'register', label: '报备', of: { id: 'partners', name: '渠道' }, count: 0, sums: null },
    { value: 'proposal', label: '渠道报价', of: { id: 'partners', name: '渠道' }, count: 3, sums: null },
    { value: 'first', label: '初步接洽', of: { id: 'direct', name: '直销' }, count: 1, sums: YUAN },
    { value: 'proposal', label: '方案报价', of: { id: 'direct', name: '直销' }, count: 1, sums: YUAN },
  ])
})

test('the pipeline of one’s own unit has a board before its first deal', async () => {
  deals = { partners: [1, 0] }
  expect(await boards()).toEqual(['partners register 1', 'partners proposal 0', 'direct first 0', 'direct proposal 0'])
})

test('whose own unit is out of reach has the boards of the deals, and trouble is told', async () => {
  deals = { partners: [1, 0] }
  refused = 422
  expect(await boards()).toEqual(['partners register 1', 'partners proposal 0'])
  refused = 500
  await expect(boards()).rejects.toMatchObject({ status: 500 })
})
