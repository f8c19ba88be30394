import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import { fill, mounted } from '../../test/mounted'
import PlanItems from './PlanItems.vue'

// A date picker takes seconds to draw itself here: a plain input stands in for it.
vi.mock('element-plus/es', async (original) => {
  const { h } = await import('vue')
  const ElDatePicker = (props: { modelValue: string }, { emit }: { emit: (name: string, value: string) => void }) => h('input', { class: 'day', value: props.modelValue, onInput: (event: Event) => emit('update:modelValue', (event.target as HTMLInputElement).value) })
  return { ...(await original<object>()), ElDatePicker: Object.assign(ElDatePicker, { props: ['modelValue'], emits: ['update:modelValue'] }) }
})

interface Step { id: string; due_on: string; todo: string; result: string | null; version: number }
let step: Step
let sent: (Partial<Step> & { etag: string | null })[]
let refusing: boolean
let page: HTMLElement
beforeEach(async () => {
  step = { id: 's1', due_on: '2026-11-26', todo: '现场演示', result: null, version: 1 }
  sent = []
  refusing = false
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'PATCH') return Response.json({ items: [step] })
    const body = (await request.json()) as Partial<Step>
    sent.push({ ...body, etag: request.headers.get('If-Match') })
    if (refusing) return Response.json({ detail: '机会已关闭' }, { status: 409 })
    step = { ...step, ...body, version: step.version + 1 }
    return Response.json(step)
  })
  page = await mounted(PlanItems, { record: { id: 'o1', can: ['update'] } })
  await vi.waitFor(() => expect(page.querySelector('li')).not.toBeNull())
})

const box = (): HTMLInputElement => page.querySelector<HTMLInputElement>('li [type=checkbox]')!
const result = (): HTMLInputElement => page.querySelector<HTMLInputElement>('li .el-input input')!
const unloads = (): boolean => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
async function typeResult(text: string): Promise<void> {
  await fill(result(), text)
  await nextTick()
}
function tick(on: boolean): void {
  box().checked = on
  box().dispatchEvent(new Event('change'))
}

test('what came of a step can be typed, and is written when the field is left', async () => {
  await typeResult('报价已发')
  expect(result().value).toBe('报价已发')
  expect([sent, unloads()]).toEqual([[], false])
  result().dispatchEvent(new Event('change', { bubbles: true }))
  await vi.waitFor(() => expect(sent).toEqual([{ result: '报价已发', etag: '"1"' }]))
  await vi.waitFor(() => expect(unloads()).toBe(true))
  expect(result().value).toBe('报价已发')
})

test('a step that is ticked and unticked in one breath is written twice, each time on what the first one left', async () => {
  tick(true)
  tick(false)
  await vi.waitFor(() => expect(sent).toEqual([{ result: '完成', etag: '"1"' }, { result: null, etag: '"2"' }]))
})

test('the tick after a result was typed does not take the result away', async () => {
  await typeResult('报价已发')
  result().dispatchEvent(new Event('change', { bubbles: true }))
  tick(true)
  await vi.waitFor(() => expect(sent.map((one) => one.result)).toEqual(['报价已发', '报价已发']))
})

test('a tick that is refused is taken back', async () => {
  refusing = true
  tick(true)
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')?.textContent).toBe('机会已关闭'))
  await vi.waitFor(() => expect(box().checked).toBe(false))
})

const pen = (name: string): HTMLButtonElement => page.querySelector<HTMLButtonElement>(`[aria-label="${name}"]`)!
const editor = (): HTMLInputElement | null => page.querySelector<HTMLInputElement>('.what input')
async function retype(name: string, text: string): Promise<void> {
  pen(name).click()
  await vi.waitFor(() => expect(document.activeElement).toBe(editor()))
  await fill(editor()!, text)
}
const press = (key: string): boolean => editor()!.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, bubbles: true }))

test('what is to be done is written anew in its row, and so is its day', async () => {
  await retype('修改“现场演示”', '远程演示')
  expect(unloads()).toBe(false)
  press('Enter')
  await vi.waitFor(() => expect(sent).toEqual([{ todo: '远程演示', etag: '"1"' }]))
  await vi.waitFor(() => expect(document.activeElement).toBe(pen('修改“远程演示”')))
  expect([editor(), unloads()]).toEqual([null, true])

  await retype('修改“远程演示”的日期', '2026-12-03')
  press('Enter')
  await vi.waitFor(() => expect(sent[1]).toEqual({ due_on: '2026-12-03', etag: '"2"' }))
  await vi.waitFor(() => expect(page.querySelector('time')?.textContent).toContain('2026-12-03'))
})

test('a new wording that is refused stays where it was typed, with the reason', async () => {
  refusing = true
  await retype('修改“现场演示”', '远程演示')
  press('Enter')
  await vi.waitFor(() => expect(page.querySelector('.what [role=alert]')?.textContent).toBe('机会已关闭'))
  expect(editor()?.value).toBe('远程演示')
})

test('another row’s pen asks before what was typed in the first is lost', async () => {
  await retype('修改“现场演示”', '远程演示')
  pen('修改“现场演示”的日期').click()
  await vi.waitFor(() => expect(document.querySelector('.el-message-box')?.textContent).toContain('放弃尚未保存的内容？'))
  expect(editor()?.value).toBe('远程演示')
})
