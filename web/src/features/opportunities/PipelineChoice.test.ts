import { QueryClient } from '@tanstack/vue-query'
import { beforeEach, expect, test, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'
import type { RecordRow } from '../../records/types'
import { useSession } from '../../session/session'
import { mounted, named, person } from '../../test/mounted'
import PipelineChoice from './PipelineChoice.vue'

const stage = (key: string, name: string) => ({ key, name, name_en: null, probability: 10 })
const DIRECT = { id: 'direct', name: '直销', stages: [stage('qualify', '初步接洽'), stage('proposal', '方案报价')] }
const PARTNERS = { id: 'partners', name: '渠道', stages: [stage('register', '报备'), stage('proposal', '渠道报价')] }
const EAST = { id: 'east', name: '华东', stages: [stage('visit', '拜访')] }
const NAMESAKES = [{ id: 'north', name: '销售流程', stages: [stage('visit', '拜访')] }, { id: 'group', name: '销售流程', stages: [stage('qualify', '初步接洽')] }]
const FIELD = { name: 'pipeline_id', label: { zh: '销售管道', en: 'Pipeline' }, type: 'ref', read_only: false }

let offered: Record<string, object[]>
let field: object
let said: object[]
const unit = ref<string | null>(null)
let page: HTMLElement
beforeEach(() => {
  offered = { '': [DIRECT, PARTNERS], e1: [EAST, DIRECT] }
  field = FIELD
  said = []
  unit.value = null
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.endsWith('/schema')) return Response.json({ fields: [field], can: [], verbs: [] })
    if (pathname.endsWith('/opportunities/pipelines')) return Response.json({ items: offered[searchParams.get('unit_id') ?? ''], next_cursor: null })
    // The unit of the second one is not to be seen.
    const items = pathname.endsWith('/org-units') ? [{ id: 'unit-north', name: '北方公司' }] : NAMESAKES.map((one) => ({ ...one, unit_id: `unit-${one.id}` }))
    return Response.json({ items, next_cursor: null })
  })
})

/** What the choice shows: the pipeline, and the sentence about the stage. */
const seen = (): (string | undefined)[] => ['.el-select__placeholder', 'p'].map((part) => page.querySelector(`.choice ${part}`)?.textContent?.trim())
async function open(record: object | null, shows: (string | undefined)[]): Promise<void> {
  page = await mounted({ render: () => h(PipelineChoice, { values: { unit_id: unit.value }, record: record as RecordRow | null, onExtra: (extra: object) => said.push(extra) }) })
  await vi.waitFor(() => expect(seen()).toEqual(shows))
}
const take = (name: string): void => named('.el-select-dropdown__item', name)!.click()

test('a new deal goes through the usual pipeline of its unit unless another one is chosen', async () => {
  await open(null, ['直销', '从阶段“初步接洽”开始'])
  expect(said).toEqual([])
  take('渠道')
  await vi.waitFor(() => expect(seen()).toEqual(['渠道', '从阶段“报备”开始']))
  expect(said).toEqual([{ pipeline_id: 'partners' }])
})

test('a deal that moves goes on in the stage of the same key, or in the first', async () => {
  await open({ pipeline_id: 'direct', stage: 'proposal', unit_id: null }, ['直销', undefined])
  take('渠道')
  await vi.waitFor(() => expect(seen()).toEqual(['渠道', '在该管道的阶段“渠道报价”继续']))
  expect(said).toEqual([{ pipeline_id: 'partners' }])
})

test('another unit has other pipelines: what it does not have is not chosen any more', async () => {
  await open(null, ['直销', '从阶段“初步接洽”开始'])
  take('渠道')
  await vi.waitFor(() => expect(seen()[0]).toBe('渠道'))
  unit.value = 'e1'
  await vi.waitFor(() => expect(seen()).toEqual(['华东', '从阶段“拜访”开始']))
  expect(said.at(-1)).toEqual({ pipeline_id: undefined })
})

test.each([
  ['there is only one', () => { offered[''] = [DIRECT] }],
  ['the person may not write it', () => { field = { ...FIELD, read_only: true } }],
])('nothing is asked where %s', async (_name, arrange) => {
  arrange()
  const client = new QueryClient()
  page = await mounted(PipelineChoice, { values: {}, record: null }, { client })
  await vi.waitFor(() => expect([client.getQueryCache().getAll().length, client.isFetching()]).toEqual([2, 0]))
  await nextTick()
  expect(page.querySelector('.choice')).toBeNull()
})

test('pipelines of one name are told apart by their units', async () => {
  useSession().me = person('li', 'org_unit:read')
  offered[''] = NAMESAKES
  await open(null, ['销售流程 · 北方公司', '从阶段“拜访”开始'])
  expect([...document.querySelectorAll('.el-select-dropdown__item')].map((one) => one.textContent?.trim())).toEqual(['销售流程 · 北方公司', '销售流程'])
})
