import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick } from 'vue'
import { i18n } from '../i18n'
import { useSession } from '../session/session'
import { person } from '../test/mounted'
import { canUndo, useJobs } from './jobs'
import type { Job } from './types'

const job = (id: string, more: Partial<Job> = {}): Job => ({ id, kind: 'export', state: 'done', progress: { done: 1, total: 1 }, counts: {}, errors: [], ...more })
const running = (id: string): Job => job(id, { state: 'running' })
const imported = (id: string): Job => job(id, { kind: 'import', counts: { created: 2 } })

let server: Map<string, Job>
let away: boolean
let asked: string[]
const pages: ReturnType<typeof useSession>[] = []
beforeEach(() => {
  server = new Map()
  away = false
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1', '')
    asked.push(`${request.method} ${path}`)
    if (away) return Response.json({ status: 500, code: 'broken', detail: '' }, { status: 500 })
    if (path.endsWith('/undo')) server.set('undoing', job('undoing', { kind: 'import-undo' }))
    const found = server.get(path.endsWith('/undo') ? 'undoing' : (path.split('/').at(-1) ?? ''))
    return found ? Response.json(found) : Response.json({ status: 404, code: 'not_found', detail: '' }, { status: 404 })
  })
})
afterEach(() => {
  // A page that is left does not go on asking.
  for (const page of pages.splice(0)) page.me = null
  vi.useRealTimers()
})

/** The console, loaded anew by somebody. */
function load(user: string): ReturnType<typeof useJobs> {
  const pinia = createPinia()
  createApp({}).use(pinia).use(i18n).use(VueQueryPlugin, { queryClient: new QueryClient() })
  setActivePinia(pinia)
  const session = useSession()
  session.me = person(user)
  pages.push(session)
  return useJobs()
}
const titles = (jobs: ReturnType<typeof useJobs>): string[] => jobs.followed.map(({ title }) => title)

test('a reload shows again what was begun before, the newest first, and how it stands now', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
  const before = load('wang')
  before.follow(running('a'), '导出 · 客户', 'customers')
  vi.setSystemTime(2_000_000)
  before.follow(running('b'), '导入 · 表.csv', 'contacts')
  server.set('a', job('a', { file: '/api/v1/jobs/a/file' }))
  server.set('b', job('b'))

  const after = load('wang')
  await vi.waitFor(() => expect(titles(after)).toEqual(['导入 · 表.csv', '导出 · 客户']))
  expect(after.followed[1]?.job.file).toBe('/api/v1/jobs/a/file')
})

test('one that still runs is followed on after a reload, until it is over', async () => {
  server.set('a', running('a'))
  load('wang').follow(running('a'), '导出', 'customers')
  const after = load('wang')
  await vi.waitFor(() => expect(after.running).toBe(1))
  server.set('a', job('a', { file: '/f' }))
  await vi.waitFor(() => expect([after.running, after.followed[0]?.job.file]).toEqual([0, '/f']), { timeout: 3000 })
})

test('one that is over is not asked for again: how it ended is kept, without the errors of single lines', async () => {
  const before = load('wang')
  before.follow(running('a'), '导入', 'customers')
  server.set('a', job('a', { state: 'failed', rejected_file: '/r', errors: [{ line: 2, message: '重复' }, { message: '中断' }] }))
  await vi.waitFor(() => expect(before.running).toBe(0), { timeout: 3000 })
  asked = []
  const after = load('wang')
  expect(after.followed.map(({ title, job }) => [title, job.state, job.rejected_file, job.errors])).toEqual([['导入', 'failed', '/r', [{ message: '中断' }]]])
  expect(asked).toEqual([])
})

test('nobody is shown what another person began', async () => {
  server.set('a', job('a'))
  load('wang').follow(running('a'), '导出', 'customers')
  const other = load('li')
  await nextTick()
  expect([other.followed, asked]).toEqual([[], []])
  useSession().me = person('wang')
  await vi.waitFor(() => expect(titles(other)).toEqual(['导出']))
  useSession().me = person('li')
  await nextTick()
  expect(other.followed).toEqual([])
})

test('what was dismissed, or is forgotten by the server, does not come back', async () => {
  const before = load('wang')
  before.forget(before.follow(job('a'), 'dismissed', 'customers'))
  before.follow(running('gone'), 'forgotten', 'customers')
  server.set('a', job('a'))
  load('wang')
  await vi.waitFor(() => expect(localStorage.getItem('banyan.jobs.wang')).toBeNull())
  expect(asked).toEqual(['GET /jobs/gone'])
})

test('a server in trouble makes nobody forget: it is asked again', async () => {
  server.set('a', job('a'))
  load('wang').follow(running('a'), '导出', 'customers')
  away = true
  const after = load('wang')
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  away = false
  await vi.waitFor(() => expect(titles(after)).toEqual(['导出']), { timeout: 3000 })
})

test('another tab of the same person keeps its own beside', () => {
  const [one, other] = [load('wang'), load('wang')]
  one.follow(job('a'), 'A', 'customers')
  other.follow(job('b'), 'B', 'customers')
  expect((JSON.parse(localStorage.getItem('banyan.jobs.wang') ?? '[]') as { id: string }[]).map(({ id }) => id)).toEqual(['b', 'a'])
})

test('an import that created records can be undone after a reload, once; a check and an export cannot', async () => {
  const before = load('wang')
  before.follow(imported('done'), '导入', 'customers', { undoable: true })
  before.follow(imported('check'), '试运行', 'customers')
  before.follow(job('file'), '导出', 'customers', { undoable: true })
  const after = load('wang')
  await vi.waitFor(() => expect(after.followed).toHaveLength(3))
  const entry = after.followed.find(({ id }) => id === 'done')!
  expect(after.followed.filter(canUndo)).toEqual([entry])

  await after.undo(entry)
  expect(asked.at(-1)).toBe('POST /jobs/done/undo')
  expect([titles(after)[0], after.followed.some(canUndo)]).toEqual(['撤销 · 导入', false])
  const third = load('wang')
  await vi.waitFor(() => expect(third.followed).toHaveLength(4))
  expect(third.followed.some(canUndo)).toBe(false)
})

test('what a device keeps is no longer than the server keeps the files, and not broken by whatever stands there', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  load('wang').follow(job('a'), '导出', 'customers')
  vi.setSystemTime(31 * 86_400_000)
  expect(load('wang').followed).toEqual([])
  localStorage.setItem('banyan.jobs.wang', 'null')
  expect(load('wang').followed).toEqual([])
  expect(asked).toEqual([])
})
