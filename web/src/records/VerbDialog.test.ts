import { beforeEach, expect, test, vi } from 'vitest'
import { fill, mounted, named } from '../test/mounted'
import type { RecordRow } from './types'
import VerbDialog from './VerbDialog.vue'

const RECORD = { id: 'a1', subject: '致电沈工', name: '年度框架', kind: 'call', version: 1, can: ['lose', 'complete'] } as unknown as RecordRow
const REFUSED = { detail: 'no', errors: [{ pointer: '/reason', code: 'invalid', message: '写明对手' }, { pointer: '/competitor_id', code: 'unknown', message: '没有这个对手' }] }
const closed = vi.fn()
let answer: () => Response
beforeEach(() => {
  closed.mockReset()
  answer = () => Response.json(RECORD)
  vi.stubGlobal('fetch', async () => answer())
})

const dialog = (): HTMLElement | null => document.querySelector('.el-dialog')
const question = (): Element | null => document.querySelector('.el-message-box')
async function open(collection: string, verb: string): Promise<HTMLTextAreaElement | HTMLInputElement> {
  await mounted(VerbDialog, { collection, verb, record: RECORD, onClose: closed })
  return vi.waitUntil(() => dialog()?.querySelector<HTMLTextAreaElement | HTMLInputElement>('textarea, input'))
}

test('a dialog in which nothing was typed closes without a question', async () => {
  await open('opportunities', 'lose')
  named('.el-dialog button', '取消')?.click()
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
  expect(question()).toBeNull()
})

test.each([['opportunities', 'lose'], ['activities', 'complete']])('what was typed for %s/%s is asked about before the dialog closes', async (collection, verb) => {
  await fill(await open(collection, verb), '对手报价更低')
  named('.el-dialog button', '取消')?.click()
  await vi.waitFor(() => expect(question()).not.toBeNull())
  expect(closed).not.toHaveBeenCalled()
  question()?.querySelector<HTMLButtonElement>('.el-button--danger')?.click()
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
})

test('a lead is handed back to the pool by a choice that says so', async () => {
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'POST') sent.push(await request.json())
    return Response.json(request.method === 'POST' ? RECORD : { items: [] })
  })
  await open('leads', 'assign')
  const pool = await vi.waitUntil(() => named('.el-select-dropdown__item', '放回公海（无负责人）'))
  pool.click()
  await vi.waitFor(() => expect(dialog()?.querySelector('.el-select')?.textContent).toContain('放回公海'))
  dialog()?.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await vi.waitFor(() => expect(sent).toEqual([{ owner_id: null }]))
})

test('what was taken is not asked about', async () => {
  await fill(await open('activities', 'complete'), '交期已确认')
  dialog()?.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
  expect(question()).toBeNull()
})

test('an error that no field of the form is about stands above it', async () => {
  await fill(await open('activities', 'complete'), '交期已确认')
  answer = () => Response.json({ ...REFUSED, errors: [{ pointer: '/outcome', code: 'invalid', message: '太长' }, { pointer: '/as_interaction', code: 'unknown', message: '没有这个客户' }] }, { status: 422 })
  dialog()?.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await vi.waitFor(() => expect([...(dialog()?.querySelectorAll('[role=alert]') ?? [])].map((one) => one.textContent)).toEqual(['没有这个客户', '太长']))
})
