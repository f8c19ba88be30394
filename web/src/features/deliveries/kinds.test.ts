import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setLocale } from '../../i18n'
import { useSession, type Me } from '../../session/session'

const schema = { fields: [{ name: 'kind', options: [{ value: 'claim.paid', label: { zh: '报销已付款', en: 'Claim paid' } }] }] }
const asked = vi.fn<(request: Request) => Promise<Response>>(async () => Response.json(schema))
let kindName: (value: unknown) => string | undefined
beforeEach(async () => {
  vi.resetModules()
  vi.stubGlobal('fetch', asked)
  asked.mockClear()
  setActivePinia(createPinia())
  setLocale('zh-CN')
  kindName = (await import('./kinds')).kindName
})
afterEach(() => vi.unstubAllGlobals())

test('a mail’s kind is called as in the notifications, which are asked once; an unknown one stays as it is', async () => {
  useSession().me = { permissions: { 'notification:read': {} } } as unknown as Me
  kindName('claim.paid')
  await vi.waitFor(() => expect(kindName('claim.paid')).toBe('报销已付款'))
  expect(kindName('retired.kind')).toBe('retired.kind')
  expect(asked).toHaveBeenCalledTimes(1)
})

test('who may not read notifications is not asked for', async () => {
  useSession().me = { permissions: {} } as unknown as Me
  expect(kindName('claim.paid')).toBeUndefined()
  expect(asked).not.toHaveBeenCalled()
})
