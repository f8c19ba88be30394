import { expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { useSession } from '../session/session'
import { mounted, person } from '../test/mounted'
import { useSavedViews } from './saved-views'

test('views that are taken over while the list of views loads for the first time are shown', async () => {
  useSession().me = person('me', 'saved_view:read', 'saved_view:create')
  localStorage.setItem('banyan.views.me.customers', JSON.stringify([{ name: '旧视图', query: {}, columns: null }]))
  const answers: (() => void)[] = []
  let saved: object[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'POST') {
      saved = [{ id: '1', version: 1, name: '旧视图', query: {}, columns: null, owner_id: 'me' }]
      return Response.json(saved[0], { status: 201 })
    }
    const items = saved // what there is when it is asked, however late the answer comes
    await new Promise<void>((answer) => answers.push(answer))
    return Response.json({ items, next_cursor: null })
  })
  const page = await mounted(defineComponent(() => {
    const { views } = useSavedViews('customers', null)
    return () => h('p', views.value.map((view) => view.name).join())
  }))
  await vi.waitFor(() => expect(saved).toHaveLength(1))
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  await new Promise((later) => setTimeout(later, 20)) // the view has arrived, the first answer has not
  answers[0]!()
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[1]!()
  await vi.waitFor(() => expect(page.textContent).toBe('旧视图'))
})
