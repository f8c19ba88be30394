import { beforeEach, expect, test, vi } from 'vitest'
import { h, ref } from 'vue'
import { fill, mounted, named } from '../test/mounted'
import BulkBar from './BulkBar.vue'
import type { BulkResult } from './collection'
import { useJobs } from './jobs'
import type { Field, RecordRow, Schema } from './types'

const field = (name: string, more: Partial<Field> = {}): Field => ({ name, label: { zh: name, en: name }, type: 'text', group: 'main', required: false, nullable: true, read_only: false, masked: false, multiline: false, longest: null, resource: null, options: null, filterable: true, sortable: true, custom: false, ...more })
const ROWS = ['a', 'b'].map((id) => ({ id, version: 1, tags: [], can: ['update', 'delete', 'assign', 'claim', 'convert', 'answer', 'archive', 'escalate', 'reopen', 'resume', 'start'] }) as unknown as RecordRow)
const OK: BulkResult[] = [{ id: 'a', status: 'ok' }, { id: 'b', status: 'error', problem: { detail: '已锁定' } }]

let sent: { action: string; args: unknown; ids?: string[] }[]
let answer: () => Response
beforeEach(() => {
  sent = []
  answer = () => Response.json({ results: OK })
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json({ items: [], next_cursor: null })
    sent.push(await request.json())
    return answer()
  })
})

/** The bar goes when the selection does, as in a list. */
async function open(collection: string, schema: Partial<Schema>): Promise<void> {
  const chosen = ref(true)
  const whole = { fields: [], can: [], verbs: [], import_keys: ['code'], ...schema } as unknown as Schema
  await mounted({ render: () => (chosen.value ? h(BulkBar, { collection, schema: whole, rows: ROWS, filter: null, total: 2, matching: false, onClear: () => (chosen.value = false) }) : null) })
}
const words = (): (string | undefined)[] => [...document.querySelectorAll('.bulk button')].map((one) => one.textContent?.trim())
const press = (name: string): void => named('.bulk button', name)!.click()
async function take(selector: string, text: string): Promise<void> {
  const found = await vi.waitUntil(() => named(selector, text))
  found.click()
}
async function submit(): Promise<void> {
  await vi.waitFor(() => expect(document.querySelector('.el-dialog form')).not.toBeNull())
  document.querySelector('.el-dialog form')!.dispatchEvent(new Event('submit', { cancelable: true, bubbles: true }))
}

test('only what the service does to many records is offered', async () => {
  await open('leads', { verbs: ['assign', 'claim', 'convert'], bulk_verbs: ['claim'] })
  expect(words()).toEqual(['领取', '✕'])
})

test('nothing is offered where the service takes records one by one', async () => {
  await open('users', { verbs: ['deactivate', 'activate', 'handover'], bulk_verbs: [] })
  expect(words()).toEqual(['✕'])
})

test('verbs beyond the fourth are in a menu', async () => {
  const verbs = ['start', 'answer', 'archive', 'reopen', 'resume', 'escalate']
  await open('requests', { verbs, bulk_verbs: verbs })
  expect(words().slice(0, 5)).toEqual(['开始', '答复', '归档', '重新打开', '更多 ▾'])
  press('更多 ▾')
  await take('.el-dropdown-menu__item', '升级')
  await vi.waitFor(() => expect(document.querySelector('.el-dialog__title')?.textContent).toBe('升级 · 2'))
})

test('a verb without a form says what is about to happen', async () => {
  await open('leads', { verbs: ['claim'], bulk_verbs: ['claim'] })
  press('领取')
  await vi.waitFor(() => expect(document.querySelector('.el-dialog .ask')?.textContent).toBe('对所选的 2 条执行“领取”？'))
  await submit()
  await vi.waitFor(() => expect(sent).toEqual([{ action: 'claim', args: {}, ids: ['a', 'b'] }]))
})

test('leads go back to the pool when that is chosen, and to nobody by an oversight', async () => {
  answer = () => Response.json({ detail: 'x', errors: [{ pointer: '/owner_id', code: 'required', message: '必填' }] }, { status: 422 })
  await open('leads', { verbs: ['assign'], bulk_verbs: ['assign'] })
  press('分配')
  await submit()
  await vi.waitFor(() => expect(sent.map((one) => one.args)).toEqual([{}]))
  await take('.el-select-dropdown__item', '放回公海（无负责人）')
  answer = () => Response.json({ results: OK })
  await submit()
  await vi.waitFor(() => expect(sent.at(-1)).toEqual({ action: 'assign', args: { owner_id: null }, ids: ['a', 'b'] }))
})

test('one field of many records is given a value, its own part of the body where it is a custom one', async () => {
  await open('competitors', { can: ['update'], fields: [field('tags', { type: 'texts' }), field('code'), field('id', { read_only: true }), field('lines', { type: 'rows' }), field('custom.vip', { custom: true })] })
  press('编辑…')
  await vi.waitFor(() => expect([...document.querySelectorAll('.el-dialog .el-select-dropdown__item, .el-select-dropdown__item')].map((one) => one.textContent?.trim())).toEqual(['custom.vip']))
  await take('.el-select-dropdown__item', 'custom.vip')
  await fill(await vi.waitUntil(() => document.querySelector<HTMLInputElement>('.el-dialog .field input')), '88')
  await submit()
  await vi.waitFor(() => expect(sent).toEqual([{ action: 'update', args: { custom: { vip: '88' } }, ids: ['a', 'b'] }]))
})

test('a field is emptied where that may be, and asked for where it may not', async () => {
  await open('competitors', { can: ['update'], fields: [field('note'), field('name', { required: true, nullable: false })] })
  press('编辑…')
  await take('.el-select-dropdown__item', 'name')
  await vi.waitFor(() => expect(document.querySelector('.el-dialog .field')).not.toBeNull())
  await submit()
  await vi.waitFor(() => expect(document.querySelector('.el-dialog [role=alert]')?.textContent).toBe('请填写name'))
  expect(sent).toEqual([])
  await take('.el-select-dropdown__item', 'note')
  await vi.waitFor(() => expect(document.querySelector('.el-dialog')?.textContent).toContain('留空保存会清除这个字段'))
  await submit()
  await vi.waitFor(() => expect(sent).toEqual([{ action: 'update', args: { note: null }, ids: ['a', 'b'] }]))
})

test('what was deleted together comes back together, without what was refused', async () => {
  await open('competitors', { can: ['delete'] })
  press('删除')
  await vi.waitFor(() => expect(document.querySelector('.el-message-box')).not.toBeNull())
  document.querySelector<HTMLButtonElement>('.el-message-box .el-button--danger')!.click()
  await take('.el-message button', '撤销')
  expect(document.body.textContent).toContain('已删除 1 条')
  await vi.waitFor(() => expect(sent.map(({ action, ids }) => [action, ids])).toEqual([['delete', ['a', 'b']], ['restore', ['a']]]))
})

test('a job that deletes very many is followed as other jobs are', async () => {
  answer = () => Response.json({ id: 'crm.1', kind: 'bulk', state: 'done', progress: { done: 0, total: 900 }, counts: {}, errors: [] }, { status: 202 })
  await open('competitors', { can: ['delete'] })
  press('删除')
  await vi.waitFor(() => expect(document.querySelector('.el-message-box')).not.toBeNull())
  document.querySelector<HTMLButtonElement>('.el-message-box .el-button--danger')!.click()
  await vi.waitFor(() => expect(useJobs().followed.map(({ title, collection }) => [title, collection])).toEqual([['删除', 'competitors']]))
})
