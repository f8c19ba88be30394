import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../session/session'
import { candidates, learn, nameOf } from './references'

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

test('who left is not offered for what is to come, and marked where the past is asked for', async () => {
  asked.mockReset().mockResolvedValue({ items: [{ id: '1', display_name: '张伟', active: true }, { id: '2', display_name: '李娜', active: false }] })
  await candidates('user', '')
  expect(asked).toHaveBeenLastCalledWith('/users', expect.objectContaining({ active: 'true' }))
  const found = await candidates('user', '', {}, true)
  const [, query] = asked.mock.lastCall as [string, Record<string, string>]
  expect([query.active, query.fields?.split(',').includes('active?')]).toEqual([undefined, true])
  expect(found.map(({ label, former }) => [label, former])).toEqual([['张伟', false], ['李娜', true]])
})
