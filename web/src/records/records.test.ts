import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import { useSession, type Me } from '../session/session'
import { answersOf, bodyOf, valueOf, verbFields } from './collection'
import { operatorsOf, readFilters, writeFilters } from './fields'
import { percent } from './jobs'
import { nameOf, titleOf } from './references'
import { columnOf, csvRows } from './spreadsheet'
import type { Field, Job } from './types'

const field = (type: Field['type'], more: Partial<Field> = {}): Field => ({ name: 'f', label: { zh: '字段', en: 'Field' }, type, group: 'main', required: false, read_only: false, masked: false, multiline: false, longest: null, resource: null, options: null, filterable: true, sortable: true, custom: false, ...more })

test('filters survive the way through the address, whatever the address holds besides', () => {
  const query = { status__in: 'open,won', amount__gte: '1000', 'custom.vip_no': '88', q: '榕树', sort: '-name', record: 'x', layout: 'board' }
  const filters = readFilters(query)
  expect(filters).toEqual([
    { field: 'status', operator: 'in', value: 'open,won' },
    { field: 'amount', operator: 'gte', value: '1000' },
    { field: 'custom.vip_no', operator: '', value: '88' },
  ])
  expect(writeFilters(filters)).toEqual({ status__in: 'open,won', amount__gte: '1000', 'custom.vip_no': '88' })
})

test.each([
  ['choice', {}, 'in'],
  ['ref', { resource: 'user' }, 'in'],
  ['ref', { resource: 'org_unit' }, 'under'],
  ['text', { resource: 'region' }, 'under'],
  ['money', {}, 'gte'],
  ['datetime', {}, 'gte'],
  ['boolean', {}, ''],
  ['text', {}, 'contains'],
  ['file', {}, 'isnull'],
] as const)('%s %j is asked first by "%s"', (type, more, first) => {
  expect(operatorsOf(field(type, more))[0]).toBe(first)
})

test('custom fields go into and come out of their own part of a record', () => {
  expect(bodyOf({ name: 'a', 'custom.vip': 1, 'custom.level': 'x' })).toEqual({ name: 'a', custom: { vip: 1, level: 'x' } })
  expect(valueOf({ custom: { vip: 1 } }, 'custom.vip')).toBe(1)
})

test('the form of a verb knows its fields, their targets and what must be filled', () => {
  const lose = verbFields('opportunities', 'lose')
  expect(lose?.map((one) => [one.name, one.required, one.resource])).toEqual([['reason', true, null], ['competitor_id', false, 'competitor']])
  expect(verbFields('opportunities', 'nonsense')).toBeUndefined()
})

test('nothing is sent of what a form leaves empty, but null where that is an answer to what is asked', () => {
  const fields = [field('ref', { name: 'owner_id', required: true, nullable: true }), field('text', { name: 'reason', nullable: true }), field('text', { name: 'name', required: true, nullable: false })]
  expect(answersOf(fields, { owner_id: null, reason: null, name: null, other: 1 })).toEqual({ owner_id: null })
  expect(answersOf(fields, { reason: '调岗', name: 'x' })).toEqual({ reason: '调岗', name: 'x' })
  expect(verbFields('leads', 'assign')?.map((one) => Boolean(one.required && one.nullable))).toEqual([true, false])
})

test('a record is called by what its collection calls it', () => {
  expect(titleOf({ id: '1', display_name: '张伟', name: 'x' })).toBe('张伟')
  expect(titleOf({ id: '1', number: 'SR-1', summary: '破损' })).toBe('SR-1 破损')
  expect(titleOf({ id: '1', number: 'SO-1' })).toBe('SO-1')
})

test('a CSV is read in both encodings, with quotes and any separator', () => {
  const utf8 = new TextEncoder().encode('名称,备注\n"榕树, 贸易","说 ""好"""\r\n')
  expect(csvRows(utf8)).toEqual([['名称', '备注'], ['榕树, 贸易', '说 "好"']])
  const gb = new Uint8Array([0xc3, 0xfb, 0xb3, 0xc6, 0x3b, 0x61, 0x0a, 0xe9, 0xc5, 0x3b, 0x62])
  expect(csvRows(gb)).toEqual([['名称', 'a'], ['榕', 'b']])
  expect(columnOf('AB7')).toBe(27)
})

test('progress is unknown while the size is', () => {
  const job = { state: 'running', progress: { done: 3, total: null } } as Job
  expect(percent(job)).toBeNull()
  expect(percent({ ...job, progress: { done: 3, total: 4 } })).toBe(75)
})

beforeEach(() => { vi.unstubAllGlobals(); setActivePinia(createPinia()) })
test('the names of a page are asked in one request, and never twice', async () => {
  useSession().me = { permissions: { 'customer:read': {} } } as unknown as Me
  const asked: string[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request.url)
    return Promise.resolve(new Response(JSON.stringify({ items: [{ id: 'a', name: '甲' }, { id: 'b', name: '乙' }], next_cursor: null })))
  })
  for (const id of ['a', 'b', 'gone', 'a']) expect(nameOf('customer', id)).toBeUndefined()
  await vi.waitFor(() => expect(nameOf('customer', 'a')).toBe('甲'))
  expect([nameOf('customer', 'b'), nameOf('customer', 'gone')]).toEqual(['乙', null])
  expect(asked).toHaveLength(1)
  expect(new URL(asked[0] ?? '').searchParams.get('id__in')).toBe('a,b,gone')
})

test('what the person may not read is not asked for', async () => {
  useSession().me = { permissions: {} } as unknown as Me
  const asked = vi.fn()
  vi.stubGlobal('fetch', asked)
  expect(nameOf('role', 'r')).toBeUndefined()
  await vi.waitFor(() => expect(nameOf('role', 'r')).toBeNull())
  expect(asked).not.toHaveBeenCalled()
})
