import { expect, test, vi } from 'vitest'
import { h, nextTick, ref, type Component } from 'vue'
import { fill, mounted } from '../test/mounted'
import { provideHolder, type FileHolder } from './attached'
import FileInput from './FileInput.vue'
import FileList from './FileList.vue'
import FileValue from './FileValue.vue'

const STORED = { id: 'f1', name: '执照.pdf', size: 2048, category: null, created_at: '', created_by: null }

/** The component inside something that says whose files these are. */
function within(holder: FileHolder, component: Component, props: () => Record<string, unknown>): Promise<HTMLElement> {
  return mounted({ setup: () => { provideHolder(() => holder); return () => h(component, props()) } })
}

test('a file is a link with its name and size where its record is shown', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ items: [STORED] }))
  const place = await within({ collection: 'customers', id: 'c1' }, FileValue, () => ({ value: 'f1' }))
  await vi.waitFor(() => expect(place.querySelector('a')?.textContent).toBe('执照.pdf'))
  expect(place.querySelector('a')?.getAttribute('href')).toBe('/api/v1/customers/c1/attachments/f1')
  expect(place.textContent).toContain('2 kB')
})

test('a file that was removed says so', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ items: [] }))
  const place = await within({ collection: 'customers', id: 'c1' }, FileValue, () => ({ value: 'f1' }))
  await vi.waitFor(() => expect(place.textContent).toContain('文件已删除'))
})

test.each([
  [{ collection: 'customers' }, '/api/v1/customers/attachments'],
  [{ collection: 'customers', id: 'c1' }, '/api/v1/customers/c1/attachments'],
])('a file for %j is uploaded at once and can be cleared', async (holder, path) => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    return Response.json(request.method === 'POST' ? STORED : { items: [] }, { status: request.method === 'POST' ? 201 : 200 })
  })
  const value = ref<string | null>(null)
  const place = await within(holder, FileInput, () => ({ modelValue: value.value, label: '执照', 'onUpdate:modelValue': (next: string | null) => { value.value = next } }))
  const input = place.querySelector<HTMLInputElement>('input[type=file]')!
  Object.defineProperty(input, 'files', { value: [new File(['x'], '执照.pdf')] })
  input.dispatchEvent(new Event('change'))
  await vi.waitFor(() => expect(value.value).toBe('f1'))
  expect(asked).toContain(`POST ${path}`)
  await nextTick()
  expect(place.textContent).toContain('执照.pdf')
  place.querySelector<HTMLButtonElement>('button')!.click()
  expect(value.value).toBeNull()
})

test('a file takes the category that was written beside the button, if there is one', async () => {
  const categories: (FormDataEntryValue | null)[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'POST') return Response.json({ items: [{ ...STORED, category: '图纸' }] })
    categories.push((await request.formData()).get('category'))
    return Response.json(STORED, { status: 201 })
  })
  const place = await within({ collection: 'customers', id: 'c1' }, FileList, () => ({ collection: 'customers', record: { id: 'c1', can: ['update'] } }))
  const input = place.querySelector<HTMLInputElement>('input[type=file]')!
  Object.defineProperty(input, 'files', { value: [new File(['x'], '合同.pdf')] })
  input.dispatchEvent(new Event('change'))
  await vi.waitFor(() => expect(categories).toEqual([null]))

  const category = place.querySelector<HTMLInputElement>('.category input')!
  await vi.waitFor(() => expect([...place.querySelectorAll(`[id="${category.getAttribute('list')}"] option`)].map((one) => one.getAttribute('value'))).toEqual(['图纸', '合同', '报价', '发票', '照片', '其他']))
  await fill(category, ' 合同 ')
  await vi.waitFor(() => expect(input.disabled).toBe(false))
  input.dispatchEvent(new Event('change'))
  await vi.waitFor(() => expect(categories).toEqual([null, '合同']))
  await vi.waitFor(() => expect(category.value).toBe(''))
})
