import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, h, ref, type App, type Component } from 'vue'
import { createMemoryHistory, createRouter, RouterView, useRoute, type Router } from 'vue-router'
import { useSession } from '../session/session'
import { named, person } from '../test/mounted'
import { askBeforeLeaving, giveUpAll, holdAgain, provideStays, useChanged, useUnsaved } from './unsaved'

const typed = ref(false)
let mayClose: () => Promise<boolean>
let router: Router
let app: App

const Form: Component = { setup: () => { mayClose = useUnsaved(typed); return () => h('form') } }
const Kept: Component = { setup: () => { useUnsaved(typed, { kept: true }); return () => h('form') } }
/** A dialog that knows nothing of the form in it. */
const inDialog = ref(true)
let closeDialog: () => Promise<boolean>
const Dialog: Component = { setup: () => { closeDialog = useUnsaved(false, { shown: inDialog, holds: true }); return () => h(Form) } }
/** A form that is filled anew for every `?one=`. */
const Reused: Component = { setup: () => { useUnsaved(typed, { stays: (to, from) => to.query.one === from.query.one }); return () => h('form') } }
const Drawer: Component = {
  setup() {
    const route = useRoute()
    provideStays((to, from) => to.query.record === from.query.record)
    return () => (route.query.record ? h(Form) : null)
  },
}
const page = (...content: (Component | string)[]): Component => ({ render: () => h('main', content.map((one) => h(one as Component))) })

const questions = (): NodeListOf<HTMLElement> => document.querySelectorAll('.el-message-box')
const unloads = (): boolean => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))

/** Answer the one question there is, and wait until it is gone. */
async function answer(yes: boolean): Promise<void> {
  await vi.waitFor(() => expect(questions()).toHaveLength(1))
  named('.el-message-box__btns button', yes ? '放弃' : '继续编辑')?.click()
  await vi.waitFor(() => expect(questions()).toHaveLength(0))
}
async function at(path: string): Promise<void> {
  await router.push(path)
  typed.value = true
}

beforeEach(async () => {
  useSession().me = person('wang')
  typed.value = false
  inDialog.value = true
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: page('p') },
      { path: '/form', component: page(Form) },
      { path: '/two-forms', component: page(Form, Form) },
      { path: '/kept', component: page(Kept) },
      { path: '/dialog', component: page(Dialog) },
      { path: '/reused', component: page(Reused) },
      { path: '/list', component: page(Drawer) },
      { path: '/closed', component: page('p') },
    ],
  })
  askBeforeLeaving(router)
  router.beforeEach((to) => (to.path === '/closed' ? '/' : true))
  app = createApp({ render: () => h(RouterView) }).use(router)
  app.mount(document.body.appendChild(document.createElement('div')))
  await router.isReady()
})
afterEach(() => {
  app.unmount()
  holdAgain()
})

test('a form in which nothing is typed is left without a question', async () => {
  await router.push('/form')
  await router.push('/')
  expect(router.currentRoute.value.path).toBe('/')
  expect(unloads()).toBe(true)
})

test('who leaves a half-filled form is asked, and stays or goes as they say', async () => {
  await at('/form')
  const first = router.push('/')
  await answer(false)
  await first
  expect(router.currentRoute.value.path).toBe('/form')

  const second = router.push('/')
  await answer(true)
  await second
  expect(router.currentRoute.value.path).toBe('/')
})

test('Enter on the question goes on editing, and so does Escape', async () => {
  await at('/form')
  for (const [key, place] of [['Enter', () => document.activeElement], ['Escape', () => document]] as const) {
    const way = router.push('/')
    await vi.waitFor(() => expect(document.activeElement?.textContent?.trim()).toBe('继续编辑'))
    place()?.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, bubbles: true }))
    await way
    await vi.waitFor(() => expect(questions()).toHaveLength(0))
    expect(router.currentRoute.value.path).toBe('/form')
  }
})

test('two half-filled forms and a redirect are one question', async () => {
  await at('/two-forms')
  const way = router.push('/closed')
  await answer(true)
  await way
  expect(router.currentRoute.value.path).toBe('/')
})

test('Back asks when it would close the drawer that holds the form, and the address comes back with the answer', async () => {
  await router.push('/list')
  await at('/list?record=1')
  router.back()
  await answer(false)
  await vi.waitFor(() => expect(router.options.history.location).toBe('/list?record=1'))
  expect(router.currentRoute.value.fullPath).toBe('/list?record=1')

  router.back()
  await answer(true)
  await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/list'))
})

test('an address that leaves the form where it is asks nothing', async () => {
  await at('/list?record=1&create=1')
  await router.replace('/list?record=1&level__in=A')
  expect(router.currentRoute.value.fullPath).toBe('/list?record=1&level__in=A')
})

test('a form that is still there after an answer is asked about again', async () => {
  await at('/reused?one=1')
  for (const path of ['/reused?one=2', '/reused?one=3']) {
    const way = router.replace(path)
    await answer(true)
    await way
    expect(router.currentRoute.value.fullPath).toBe(path)
  }
})

test('another way out that is tried while the question stands is not a second question', async () => {
  await at('/form')
  void router.push('/')
  await vi.waitFor(() => expect(questions()).toHaveLength(1))
  const second = router.push('/list')
  await answer(true)
  await second
  expect(router.currentRoute.value.path).toBe('/list')
})

test('a form asks the same before it closes itself', async () => {
  await router.push('/form')
  expect(await mayClose()).toBe(true)
  typed.value = true
  const closing = mayClose()
  await answer(false)
  expect(await closing).toBe(false)
})

test('a dialog asks about the form that it holds', async () => {
  await router.push('/dialog')
  expect(await closeDialog()).toBe(true)
  typed.value = true
  const closing = closeDialog()
  await answer(true)
  expect(await closing).toBe(true)
})

test('a dialog that shuts after saving has nothing to lose, whatever its form still holds', async () => {
  await at('/dialog')
  expect(unloads()).toBe(false)
  inDialog.value = false
  expect(unloads()).toBe(true)
  expect(await closeDialog()).toBe(true)
  await router.push('/')
  expect(router.currentRoute.value.path).toBe('/')
})

test('a field that was filled and emptied again is not changed, and what was saved is a new beginning', () => {
  const form = ref<Record<string, unknown>>({ kind: 'call' })
  const { changed, begin } = useChanged(() => form.value)
  for (const [held, typed] of [[{ kind: 'call', note: 'x' }, true], [{ kind: 'call', note: '' }, false], [{ kind: 'call', note: null }, false], [{ kind: 'visit' }, true]] as const) {
    form.value = held
    expect(changed()).toBe(typed)
  }
  begin()
  expect(changed()).toBe(false)
})

test('a reload is held up while something is typed, and only then', async () => {
  await at('/form')
  expect(unloads()).toBe(false)
  typed.value = false
  expect(unloads()).toBe(true)
})

test('what one person typed does not hold up another who signs in', async () => {
  await at('/form')
  useSession().me = person('li')
  expect(unloads()).toBe(true)
  await router.push('/')
  expect(router.currentRoute.value.path).toBe('/')
})

test('what is kept elsewhere is asked about only when the document ends', async () => {
  await at('/kept')
  expect(unloads()).toBe(false)
  await router.push('/')
  expect(router.currentRoute.value.path).toBe('/')
})

test('who signs out is asked once, and the browser not again; when signing out fails, what is typed is held again', async () => {
  await at('/form')
  const leaving = giveUpAll()
  await answer(true)
  expect(await leaving).toBe(true)
  expect(unloads()).toBe(true)
  holdAgain()
  expect(unloads()).toBe(false)
})
