import { beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '../../session/session'
import { mounted, named, person } from '../../test/mounted'
import DeadEventsPage from './DeadEventsPage.vue'

const EVENT = { id: 'sales.e1', service: 'sales', source: 'customer', event_id: 'e1', type: 'crm.customer.customer.changed.v1', subject_id: 's1', subject_version: 4, attempts: 12, error: 'boom', received_at: '2026-11-26T08:00:00+00:00' }
let items: (typeof EVENT)[]
let unreached: string[]
let sent: string[]
let page: HTMLElement
beforeEach(() => {
  items = [EVENT]
  unreached = []
  sent = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'POST') return Response.json({ items, unreached })
    sent.push(`${new URL(request.url).pathname} ${request.headers.has('Idempotency-Key')}`)
    items = []
    return new Response(null, { status: 204 })
  })
})

async function open(permissions: string[], shows: string): Promise<void> {
  useSession().me = person('u1', ...permissions)
  page = await mounted(DeadEventsPage)
  await vi.waitFor(() => expect(page.textContent).toContain(shows))
}

test('an event that was given up is tried again, and the list is asked anew', async () => {
  await open(['system:read', 'system:configure'], EVENT.type)
  expect(page.textContent).toContain('boom')
  named('button', '重试')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('没有失败事件'))
  expect(sent).toEqual(['/api/v1/system/dead-events/sales.e1/replay true'])
})

test('letting one go is asked about first', async () => {
  await open(['system:read', 'system:configure'], EVENT.type)
  named('button', '放弃')?.click()
  const box = await vi.waitUntil(() => document.querySelector('.el-message-box'))
  expect(box.textContent).toContain(EVENT.type)
  expect(sent).toEqual([])
  box.querySelector<HTMLButtonElement>('.el-button--danger')?.click()
  await vi.waitFor(() => expect(sent).toEqual(['/api/v1/system/dead-events/sales.e1/drop true']))
})

test('who may only look sees the events and no buttons', async () => {
  await open(['system:read'], EVENT.type)
  expect([named('button', '重试'), named('button', '放弃')]).toEqual([undefined, undefined])
})

test('a service that did not answer is named, and the page does not say that all is well', async () => {
  items = []
  unreached = ['notify']
  await open(['system:read'], '通知')
  expect(page.textContent).not.toContain('没有失败事件')
})
