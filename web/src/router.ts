import { createRouter, createWebHistory, type RouteLocationMatched, type RouteRecordRaw } from 'vue-router'
import { PAGES, screenOf } from './records/registry'
import { useSession } from './session/session'
import { askBeforeLeaving } from './ui/unsaved'

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean
    permission?: string
  }
}

const own: RouteRecordRaw[] = PAGES.map((page) => ({ path: page.path, component: page.component, props: true, meta: { permission: page.permission } }))

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/sign-in', component: () => import('./shell/SignInPage.vue'), meta: { open: true } },
    ...own,
    { path: '/:collection([a-z-]+)', component: () => import('./shell/CollectionPage.vue'), props: true },
    { path: '/:collection([a-z-]+)/:id([0-9a-f-]{36})', component: () => import('./records/RecordPage.vue'), props: true, beforeEnter: known },
    { path: '/forbidden', component: () => import('./shell/RefusedPage.vue'), props: { kind: 'forbidden' } },
    { path: '/:rest(.*)*', component: () => import('./shell/RefusedPage.vue'), props: { kind: 'not_found' } },
  ],
})

function known(to: { params: Record<string, unknown>; path: string }) {
  return screenOf(String(to.params.collection)) ? true : { path: `/unknown${to.path}`, replace: true }
}

/** Fetch the page's code while it is asked who is signed in. What fails is asked for again by the router, which says so. */
function ahead(matched: RouteLocationMatched[]): void {
  for (const { components } of matched) {
    const page = components?.default
    if (typeof page === 'function') void Promise.resolve((page as () => unknown)()).catch(() => undefined)
  }
}

askBeforeLeaving(router)
router.beforeEach(async (to) => {
  const session = useSession()
  if (to.meta.open) return true
  if (!session.me) ahead(to.matched)
  if (!session.me && !(await session.load())) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  const screen = screenOf(String(to.params.collection ?? ''))
  const permission = to.meta.permission ?? (screen ? `${screen.resource}:read` : undefined)
  if (permission && !session.may(permission)) return { path: '/forbidden', replace: true }
  return true
})
