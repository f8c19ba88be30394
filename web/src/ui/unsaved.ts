import { useEventListener } from '@vueuse/core'
import { inject, onBeforeUnmount, onMounted, provide, toValue, type InjectionKey, type MaybeRefOrGetter } from 'vue'
import type { RouteLocationNormalized, Router } from 'vue-router'
import { t } from '../i18n'
import { useSession } from '../session/session'
import { confirmed } from './message'

/** Whether a form is still there at another address of the same page. */
export type Stays = (to: RouteLocationNormalized, from: RouteLocationNormalized) => boolean
interface Unsaved { dirty: () => boolean; stays: Stays; kept: boolean }
interface Options {
  /** Which addresses of the same page leave the form where it is; all of them unless told. */
  stays?: Stays
  /** What is typed outlives the form: only the end of the document loses it. */
  kept?: boolean
}

const AROUND: InjectionKey<Stays> = Symbol('stays')
const everywhere: Stays = () => true
const open = new Set<Unsaved>()
/** What somebody agreed to lose, until that way is gone to its end: a redirect on it must not ask again. */
const givenUp = new Set<Unsaved>()
let question: Promise<boolean> | null = null

const lost = (one: Unsaved): boolean => one.dirty() && !givenUp.has(one)

/** One question at a time, however many forms there are and however often Back is pressed. */
function ask(): Promise<boolean> {
  question ??= confirmed(t('records.leave_ask'), t('records.leave'), true).finally(() => (question = null))
  return question
}
async function agreed(losses: Unsaved[]): Promise<boolean> {
  if (losses.length && !(await ask())) return false
  for (const one of losses) givenUp.add(one)
  return true
}

/** For a part of a page that the address opens and closes: `stays` holds for every form within it. */
export function provideStays(stays: Stays): void {
  const around = inject(AROUND, everywhere)
  provide(AROUND, (to, from) => stays(to, from) && around(to, from))
}

/**
 * What is typed is not lost without a question: not by another page, an address that takes the form away, a reload, or
 * the form's own close, which first asks the returned function; it is true when nothing is lost or the loss is accepted.
 */
export function useUnsaved(dirty: MaybeRefOrGetter<boolean>, { stays = everywhere, kept = false }: Options = {}): () => Promise<boolean> {
  const session = useSession()
  const writer = session.me?.user.id
  const around = inject(AROUND, everywhere)
  const one: Unsaved = {
    // Another person who signs in must get a page of their own, whatever the first one leaves on this one.
    dirty: () => toValue(dirty) && session.me?.user.id === writer,
    stays: (to, from) => stays(to, from) && around(to, from),
    kept,
  }
  onMounted(() => open.add(one))
  onBeforeUnmount(() => { open.delete(one); givenUp.delete(one) })
  useEventListener(window, 'beforeunload', (event: BeforeUnloadEvent) => { if (lost(one)) event.preventDefault() })
  return async () => !lost(one) || ask()
}

/** To be the first of a router's guards: nothing else should happen before the answer. */
export function askBeforeLeaving(router: Router): void {
  router.beforeEach((to, from) => agreed([...open].filter((one) => !one.kept && lost(one) && (to.path !== from.path || !one.stays(to, from)))))
  router.afterEach(holdAgain)
  router.onError(holdAgain)
}

/** Ask about all that is typed, for who is about to end the document. */
export function giveUpAll(): Promise<boolean> {
  return agreed([...open].filter(lost))
}

/** The way that was agreed to is at its end, or was not gone after all. */
export function holdAgain(): void {
  givenUp.clear()
}
