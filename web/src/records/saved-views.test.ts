import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ref } from 'vue'
import { setLocale } from '../i18n'
import { grouped, isChanged, takeOver, type LocalView, type SavedView } from './saved-views'

const view = (more: Partial<SavedView> = {}): SavedView => ({ id: '1', version: 1, unit_id: null, owner_id: 'me', created_at: '', updated_at: '', custom: {}, tags: [], can: [], name: '重点', collection: 'customers', query: { level__in: 'A', sort: 'name' }, columns: null, shared_with_unit_id: null, owner_name: null, shared_with_name: null, shared_with_name_en: null, ...more })

beforeEach(() => { setActivePinia(createPinia()); setLocale('zh-CN') })
afterEach(() => vi.unstubAllGlobals())

test('a view is changed by other conditions or columns, whatever their order in the address', () => {
  expect(isChanged(view(), { sort: 'name', level__in: 'A' }, null)).toBe(false)
  expect(isChanged(view(), { sort: 'name', level__in: 'B' }, null)).toBe(true)
  expect(isChanged(view(), {}, null)).toBe(true)
  expect(isChanged(view(), view().query, ['name'])).toBe(true)
  expect(isChanged(view({ columns: ['name', 'level'] }), view().query, ['level', 'name'])).toBe(true)
})

test("one's own views come first, then each unit's by its name in the language shown", () => {
  const shared = { owner_id: 'other', shared_with_unit_id: 'u', shared_with_name: '销售部', shared_with_name_en: 'Sales' }
  const views = [view({ id: 'a', ...shared }), view({ id: 'b' }), view({ id: 'c', shared_with_unit_id: 'u', shared_with_name: '销售部' }), view({ id: 'd', ...shared, shared_with_name_en: null })]
  const ids = () => grouped(views, 'me').map((group) => [group.unit, group.views.map((one) => one.id)])
  expect(ids()).toEqual([[null, ['b', 'c']], ['销售部', ['a', 'd']]])
  setLocale('en')
  expect(ids()).toEqual([[null, ['b', 'c']], ['Sales', ['a']], ['销售部', ['d']]])
})

test('views kept in the browser go to the server once; what is refused stays', async () => {
  const sent: Request[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(request.clone())
    const { name } = (await request.json()) as { name: string }
    return name === '坏的' ? Response.json({ status: 422, code: 'invalid', detail: '' }, { status: 422 }) : Response.json(view({ name }), { status: 201 })
  })
  const kept = ref<LocalView[]>([{ name: '好的', query: { q: 'x' }, columns: null }, { name: '坏的', query: {}, columns: ['name'] }])
  expect(await takeOver('customers', kept, 'me')).toBe(true)
  expect(kept.value.map((one) => one.name)).toEqual(['坏的'])
  expect(await sent[0]!.json()).toEqual({ collection: 'customers', name: '好的', query: { q: 'x' }, columns: null })
  expect(sent[0]!.headers.get('Idempotency-Key')).toMatch(/^view-me-customers-[\x21-\x7e]+$/)
  expect(await takeOver('customers', kept, 'me')).toBe(false)
})
