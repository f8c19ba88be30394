import { QueryClient } from '@tanstack/vue-query'
import Sortable from 'sortablejs'
import { beforeEach, expect, test, vi } from 'vitest'
import { leave, mounted } from '../test/mounted'
import RecordBoard from './RecordBoard.vue'
import type { BoardSetup } from './screen'
import type { Schema } from './types'

const CARDS = { new: [{ id: 'l1', name: 'Banyan', version: 1, can: [] }], done: [{ id: 'l2', name: 'Ficus', version: 1, can: [] }], cut: [{ id: 'l3', name: 'Box', version: 1, can: ['update'] }], burnt: [] }
const SCHEMA = { label: { zh: '线索', en: 'Leads' }, fields: [{ name: 'kind', label: { zh: '种类', en: 'Kind' }, options: [{ value: 'tree', label: { zh: '树', en: 'Tree' } }] }], can: [], verbs: [] } as unknown as Schema
const BOARD: BoardSetup = {
  by: 'status', filter: { kind: 'tree' }, card: [],
  columns: () => Promise.resolve([{ value: 'new', label: 'New', count: 1 }, { value: 'done', label: 'Done', count: 1 }]),
  move: () => Promise.resolve(),
}
const TREES = { id: 'tree', name: 'Trees' }
const BUSHES = { id: 'bush', name: 'Bushes' }
/** A board of trees and one of bushes: the first of them is the usual one. */
const several = (boards: () => (typeof TREES)[]): BoardSetup => ({
  by: 'status', card: [], move: BOARD.move, apart: { field: 'kind', name: (one, all) => `${one.name} of ${all.length}` },
  columns: () => Promise.resolve(boards().flatMap((of) => (of === TREES
    ? [{ value: 'new', label: 'New', count: 1, of }, { value: 'done', label: 'Done', count: 1, of }]
    : [{ value: 'cut', label: 'Cut', count: 1, of }, { value: 'burnt', label: 'Burnt', count: 0, of }]))),
})

let broken: boolean
let asked: string[]
let client: QueryClient
let page: HTMLElement
beforeEach(() => {
  broken = false
  asked = []
  client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } })
  vi.stubGlobal('fetch', (request: Request) => {
    const { searchParams } = new URL(request.url)
    const status = searchParams.get('status') as keyof typeof CARDS
    asked.push(`${searchParams.get('kind')} ${status}`)
    return Promise.resolve(broken ? new Response('{"detail":"Broken."}', { status: 500 }) : new Response(JSON.stringify({ items: CARDS[status], next_cursor: null })))
  })
})

async function open(query: Record<string, string> = {}, board = BOARD): Promise<void> {
  page = await mounted(RecordBoard, { collection: 'leads', schema: SCHEMA, query, board, current: null }, { client })
}
const offered = (): string[] => [...page.querySelectorAll('option')].map((one) => one.textContent ?? '')
function choose(board: string): void {
  const select = page.querySelector('select')!
  select.value = board
  select.dispatchEvent(new Event('change'))
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

test('of several boards one is shown: its cards, and a card goes to its columns only', async () => {
  await open({}, several(() => [TREES, BUSHES]))
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '1/1']))
  expect([asked, offered(), page.querySelector('label')?.textContent]).toEqual([['tree new', 'tree done'], ['Trees of 2 (2)', 'Bushes of 2 (1)'], '种类'])
  choose('bush')
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '0/0']))
  expect(asked.slice(2)).toEqual(['bush cut', 'bush burnt'])
  page.querySelector<HTMLElement>('.grip')!.click()
  await vi.waitFor(() => expect([...document.querySelectorAll('.el-dropdown-menu__item')].slice(1).map((one) => one.textContent)).toEqual(['Burnt']))
})

test('the board that was chosen is shown again, and the usual one while it is not there', async () => {
  let boards = [TREES, BUSHES]
  await open({}, several(() => boards))
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '1/1']))
  choose('bush')
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '0/0']))
  leave()
  boards = [TREES]
  client.clear()
  await open({}, several(() => boards))
  await vi.waitFor(() => expect([figures(), offered()]).toEqual([['1/1', '1/1'], []]))
  boards = [TREES, BUSHES]
  await client.invalidateQueries({ queryKey: ['board'] })
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '0/0']))
})

test('the board on which somebody works stays although another becomes the usual one', async () => {
  let boards = [TREES, BUSHES]
  await open({}, several(() => boards))
  await vi.waitFor(() => expect(figures()).toEqual(['1/1', '1/1']))
  boards = [BUSHES, TREES]
  await client.invalidateQueries({ queryKey: ['board'] })
  await vi.waitFor(() => expect(offered()[0]).toMatch('Bushes'))
  expect([figures(), page.querySelector('select')?.value]).toEqual([['1/1', '1/1'], 'tree'])
})
