import { beforeEach, expect, test, vi } from 'vitest'
import { mounted } from '../../test/mounted'
import TripDays from './TripDays.vue'

// A date picker takes seconds to draw itself here, and these tests are not about dates.
vi.mock('element-plus/es', async (original) => ({ ...(await original<object>()), ElDatePicker: { render: () => null } }))

const TRIP = { id: 't1', starts_on: '2026-11-03', ends_on: '2026-11-03', status: 'active', customer_ids: ['c1'], can: ['finish'] }
const DAY = { id: 'd1', version: 1, on: '2026-11-03', customer_id: 'c1', contact_id: null, what: '见到采购经理', result: null, can: ['update'] }
let days: object[]
let sent: Record<string, unknown>[]
beforeEach(() => {
  sent = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json({ items: request.url.includes('/records') ? days : [] })
    sent.push(await request.json())
    return Response.json(DAY)
  })
})

/** The form of the trip's day, opened by its button. */
async function opened(button: string): Promise<HTMLFormElement> {
  const page = await mounted(TripDays, { record: TRIP })
  const opener = await vi.waitUntil(() => page.querySelector<HTMLButtonElement>(`[aria-label="${button}"]`))
  opener.click()
  return vi.waitUntil(() => page.querySelector('form'))
}
const labels = (form: HTMLElement): (string | null)[] => [...form.querySelectorAll('label')].map((one) => one.textContent)

test('whom a recorded visit was to is shown, and neither changed nor sent', async () => {
  days = [DAY]
  const form = await opened('编辑 2026-11-03 的记录')
  expect(labels(form).some((one) => one?.startsWith('客户'))).toBe(false)
  expect(form.textContent).toContain('请删除后重新记录')
  form.dispatchEvent(new Event('submit', { cancelable: true }))
  await vi.waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toEqual({ on: '2026-11-03', contact_id: null, what: '见到采购经理', result: null })
})

test('a day that was no visit can become one', async () => {
  days = [{ ...DAY, customer_id: null }]
  const form = await opened('编辑 2026-11-03 的记录')
  expect(labels(form).some((one) => one?.startsWith('客户'))).toBe(true)
})
