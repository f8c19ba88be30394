import { QueryClient } from '@tanstack/vue-query'
import { expect, test, vi } from 'vitest'
import { mounted } from '../../test/mounted'
import WebhookCalls from './WebhookCalls.vue'

const CALL = { id: 'c1', type: 'order.confirmed', status: 'pending', attempts: 1, response_status: null, last_error: null, created_at: '2026-11-26T08:00:00Z', sent_at: null, envelope: {} }

test('calls that are shown stay when the next look fails, which can be repeated', async () => {
  let away = false
  vi.stubGlobal('fetch', async () => (away ? Response.json({ status: 500, code: 'broken', detail: '服务出错' }, { status: 500 }) : Response.json({ items: [CALL], next_cursor: null })))
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const page = await mounted(WebhookCalls, { record: { id: 'w1', can: [] } }, { client })
  await vi.waitFor(() => expect(page.querySelector('li')?.textContent).toContain('order.confirmed'))
  away = true
  await client.refetchQueries()
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')?.textContent).toContain('服务出错'))
  expect(page.querySelector('li')?.textContent).toContain('order.confirmed')

  away = false
  page.querySelector<HTMLButtonElement>('[role=alert] button')?.click()
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')).toBeNull())
})
