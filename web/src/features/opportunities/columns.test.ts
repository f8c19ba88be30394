import { afterEach, expect, test, vi } from 'vitest'
import { stageColumns } from './stages'

const PIPELINES = [{ id: 'a', name: '甲', stages: [{ key: 'first', name: '一', name_en: null }] }, { id: 'b', name: '乙', stages: [{ key: 'visit', name: '拜访', name_en: null }] }]
afterEach(() => { vi.unstubAllGlobals() })

test.each([[{}, ['first']], [{ pipeline_id__in: 'b' }, ['visit']], [{ pipeline_id: 'b' }, ['visit']]])('a board without a deal has the stages of the pipeline that is asked for: %j', async (filters, keys) => {
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.endsWith('/funnel')) return Response.json({ pipelines: [] })
    const wanted = searchParams.get('id__in')
    return Response.json({ items: PIPELINES.filter((one) => !wanted || one.id === wanted), next_cursor: null })
  })
  expect((await stageColumns(filters as Record<string, string>)).map((column) => column.value)).toEqual(keys)
})
