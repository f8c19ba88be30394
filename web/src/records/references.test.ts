import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../session/session'
import { learn, nameOf } from './references'

const asked = vi.hoisted(() => vi.fn())
vi.mock('../api/client', async (original) => ({ ...(await original<object>()), get: asked }))

beforeEach(() => {
  setActivePinia(createPinia())
  vi.spyOn(useSession(), 'may').mockReturnValue(true)
  asked.mockImplementation((_path: string, query: { id__in: string }) => ({ items: query.id__in.split(',').map((id) => ({ id, name: `asked ${id}` })) }))
})

test('of very many names the oldest are let go and asked for again where one is shown', async () => {
  for (let page = 0; page < 101; page++) learn('customer', Array.from({ length: 50 }, (_, at) => ({ id: `${page * 50 + at}`, name: `learnt ${page * 50 + at}` })))
  expect(nameOf('customer', '5049')).toBe('learnt 5049')
  expect(nameOf('customer', '50')).toBe('learnt 50')
  expect(nameOf('customer', '49')).toBeUndefined()
  await vi.waitFor(() => expect(nameOf('customer', '49')).toBe('asked 49'))
})
