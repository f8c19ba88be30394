import { QueryClient } from '@tanstack/vue-query'
import Sortable from 'sortablejs'
import { beforeEach, expect, test, vi } from 'vitest'
import { leave, mounted } from '../test/mounted'
import RecordBoard from './RecordBoard.vue'
import type { BoardSetup } from './screen'
import type { Schema } from './types'

const CARDS = { new: [{ id: 'l1', name: 'Banyan', version: 1, can: [] }], done: [{ id: 'l2', name: 'Ficus', version: 1, can: [] }] }
const SCHEMA = { label: { zh: '线索', en: 'Leads' }, fields: [{ name: 'kind', options: [{ value: 'tree', label: { zh: '树', en: 'Tree' } }] }], can: [], verbs: [] } as unknown as Schema
const BOARD: BoardSetup = {
  by: 'status', filter: { kind: 'tree' }, card: [],
  columns: () => Promise.resolve([{ value: 'new', label: 'New', count: 1 }, { value: 'done', label: 'Done', count: 1 }]),
  move: () => Promise.resolve(),
}

let broken: boolean
let client: QueryClient
let page: HTMLElement
beforeEach(() => {
  broken = false
  client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } })
  vi.stubGlobal('fetch', (request: Request) => {
    const status = new URL(request.url).searchParams.get('status') as keyof typeof CARDS
    return Promise.resolve(broken ? new Response('{"detail":"Broken."}', { status: 500 }) : new Response(JSON.stringify({ items: CARDS[status], next_cursor: null })))
  })
})

async function open(query: Record<string, string> = {}): Promise<void> {
  page = await mounted(RecordBoard, { collection: 'leads', schema: SCHEMA, query, board: BOARD, current: null }, { client })
}
const figures = (): string[] => [...page.querySelectorAll('.column')].map((column) => `${column.querySelector('.count')?.textContent}/${column.querySelectorAll('.card').length}`)
/** Columns whose cards can be dragged. */
const armed = (): number => [...page.querySelectorAll<HTMLElement>('.cards')].filter((cards) => Sortable.get(cards)).length

test('cards can be dragged when the board is opened again while it is remembered', async () => {
  await open()
  await vi.waitFor(() => expect([figures(), armed()]).toEqual([['1/1', '1/1'], 2]))
  leave()
  await open()
  await vi.waitFor(() => expect([figures(), armed()]).toEqual([['1/1', '1/1'], 2]))
})

test('cards can be dragged on a board that came at the second attempt', async () => {
  broken = true
  await open()
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')?.textContent).toContain('Broken.'))
  broken = false
  page.querySelector('button')?.click()
  await vi.waitFor(() => expect([figures(), armed()]).toEqual([['1/1', '1/1'], 2]))
})

test('a column that the list’s conditions exclude counts no cards and has none', async () => {
  await open({ status__in: 'new,working' })
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '0/0']))
})

test('a board all of whose records are excluded says so instead of drawing empty columns', async () => {
  await open({ kind__in: 'bush' })
  await vi.waitFor(() => expect(page.querySelector('.state')?.textContent).toMatch(/Tree|树/))
  expect(figures()).toEqual([])
})
