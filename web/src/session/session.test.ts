import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { post, setDoorway } from '../api/client'
import { useSession } from './session'

let signedIn: string | null
const written: [string, string][] = []
const person = (id: string): object => ({ user: { id, username: id, locale: 'en' }, units: [], companies: [], permissions: {}, fields: {} })

/** A server that knows two people: who is signed in writes. */
async function server(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname.endsWith('/auth/login')) {
    signedIn = ((await request.json()) as { username: string }).username
    return Response.json({ csrf_token: signedIn })
  }
  if (!signedIn) return Response.json({ status: 401, code: 'unauthenticated', detail: '' }, { status: 401 })
  if (pathname.endsWith('/auth/me')) return Response.json(person(signedIn))
  written.push([signedIn, pathname])
  return Response.json({ id: '1' })
}

beforeEach(() => {
  setActivePinia(createPinia())
  written.length = 0
  signedIn = null
  vi.stubGlobal('fetch', (asked: Request | string) => server(asked instanceof Request ? asked : new Request(new URL(asked, location.origin))))
  const session = useSession()
  setDoorway({ csrf: () => session.csrf, locale: () => 'en', signInAgain: session.signInAgain })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

async function endedWhileWriting(): Promise<ReturnType<typeof useSession>> {
  const session = useSession()
  await session.signIn('wang', 'x')
  signedIn = null
  void post('/customers', { name: 'Half-filled' })
  await vi.waitFor(() => expect(session.expired).toBe(true))
  return session
}

test('what was being written when the session ended is sent once the same person is back', async () => {
  const session = await endedWhileWriting()
  await session.signIn('wang', 'x')
  await vi.waitFor(() => expect(written).toEqual([['wang', '/api/v1/customers']]))
  expect(session.expired).toBe(false)
})

test('another person who signs in instead gets a fresh page, and nothing is written in their name', async () => {
  const assign = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined)
  const session = await endedWhileWriting()
  await session.signIn('li', 'x')
  await new Promise((done) => setTimeout(done, 20))
  expect(assign).toHaveBeenCalledWith('/')
  expect(written).toEqual([])
})
