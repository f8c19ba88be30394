import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import { fill, mounted } from '../test/mounted'
import InlineEdit from './InlineEdit.vue'
import type { Field } from './types'

const NAME = { name: 'short_name', label: { zh: '简称', en: 'Short name' }, type: 'text', multiline: false, longest: null, resource: null, options: null } as unknown as Field
const write = vi.fn<(field: Field, value: unknown) => Promise<unknown>>()
const heard = vi.fn<(what: string) => void>()
let input: HTMLInputElement
beforeEach(async () => {
  write.mockReset().mockResolvedValue(undefined)
  heard.mockReset()
  const page = await mounted(InlineEdit, { field: NAME, value: '榕', write, onSaved: () => heard('saved'), onClose: () => heard('closed') })
  input = page.querySelector('input')!
})

function press(key: string, more: KeyboardEventInit = {}): void {
  input.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, bubbles: true, ...more }))
}

test('the field has the focus, and Enter saves what was typed, once however often it is pressed', async () => {
  expect(document.activeElement).toBe(input)
  let end: () => void = () => undefined
  write.mockReturnValue(new Promise<void>((done) => (end = done)))
  await fill(input, '榕荫')
  press('Enter')
  press('Enter')
  expect(write.mock.calls.map(([, value]) => value)).toEqual(['榕荫'])
  end()
  await vi.waitFor(() => expect(heard.mock.calls).toEqual([['saved']]))
})

test('Enter that ends a word which is being composed saves nothing', async () => {
  await fill(input, '榕荫')
  press('Enter', { isComposing: true })
  press('Escape', { isComposing: true })
  await nextTick()
  expect([write.mock.calls, heard.mock.calls]).toEqual([[], []])
})

test('Enter where nothing was typed writes nothing', async () => {
  press('Enter')
  expect(write).not.toHaveBeenCalled()
  expect(heard.mock.calls).toEqual([['closed']])
})

test('Escape leaves an untouched field, and asks about a touched one', async () => {
  press('Escape')
  await vi.waitFor(() => expect(heard.mock.calls).toEqual([['closed']]))
  await fill(input, '榕荫')
  press('Escape')
  await vi.waitFor(() => expect(document.querySelector('.el-message-box')?.textContent).toContain('放弃尚未保存的内容？'))
  expect(heard).toHaveBeenCalledTimes(1)
  document.querySelector<HTMLButtonElement>('.el-message-box .el-button--danger')?.click()
  await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2))
})

test('a refusal is said beside the field, and what was typed stays', async () => {
  write.mockRejectedValue(new Error('太长'))
  await fill(input, '榕荫榕荫')
  press('Enter')
  await vi.waitFor(() => expect(document.querySelector('[role=alert]')?.textContent).toBe('太长'))
  expect([input.value, heard.mock.calls]).toEqual(['榕荫榕荫', []])
})
