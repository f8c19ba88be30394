import { useEventListener } from '@vueuse/core'
import { inject, onBeforeUnmount, onMounted, provide, shallowRef, toValue, type InjectionKey, type MaybeRefOrGetter } from 'vue'
import type { RouteLocationNormalized, Router } from 'vue-router'
import { t } from '../i18n'
import { useSession } from '../session/session'
import { confirmed } from './message'

/** Whether a form is still there at another address of the same page. */
export type Stays = (to: RouteLocationNormalized, from: RouteLocationNormalized) => boolean
interface Unsaved { dirty: () => boolean; stays: Stays; kept: boolean; within: Set<Unsaved> }
interface Options {
  /** Whether the form is there. A dialog that is shut, or shutting after it has saved, has nothing to lose. */
  shown?: MaybeRefOrGetter<boolean>
  /** Which addresses of the same page leave the form where it is; all of them unless told. */
  stays?: Stays
  /** What is typed outlives the form: only the end of the document loses it. */
  kept?: boolean
  /** Forms below this component are lost with it: its close asks about them too. */
  holds?: boolean
}
/** What encloses a form: where it stays, whether it is shown, and the forms that are lost with it. */
interface Around { stays: Stays; shown: () => boolean; within?: Set<Unsaved> }

const AROUND: InjectionKey<Around> = Symbol('around')
const everywhere: Stays = () => true
const nothing: Around = { stays: everywhere, shown: () => true }
const open = new Set<Unsaved>()
/** What somebody agreed to lose, until that way is gone to its end: a redirect on it must not ask again. */
const givenUp = new Set<Unsaved>()
let question: Promise<boolean> | null = null

const lost = (one: Unsaved): boolean => one.dirty() && !givenUp.has(one)
const lostWith = (one: Unsaved): boolean => lost(one) || [...one.within].some((inner) => !inner.kept && lostWith(inner))

/** Whether what is typed may be lost. One question at a time, however many forms there are and however often Back is pressed. */
export function ask(): Promise<boolean> {
  question ??= confirmed(t('records.leave_ask'), t('records.leave'), { danger: true, no: t('records.stay') }).finally(() => (question = null))
  return question
}
async function agreed(losses: Unsaved[]): Promise<boolean> {
  if (losses.length && !(await ask())) return false
  for (const one of losses) givenUp.add(one)
  return true
}

/** For a part of a page that the address opens and closes: `stays` holds for every form within it. */
export function provideStays(stays: Stays): void {
  const around = inject(AROUND, nothing)
  provide(AROUND, { ...around, stays: (to, from) => stays(to, from) && around.stays(to, from) })
}

/**
 * Whether a form holds something else than it began with; `begin` makes what it holds now the beginning. An emptied
 * field is as one that was never filled.
 */
export function useChanged(held: () => unknown) {
  const written = (): string => JSON.stringify(held(), (_name, value: unknown) => (value === null || value === '' ? undefined : value)) ?? ''
  const begun = shallowRef(written())
  return { changed: (): boolean => written() !== begun.value, begin: (): void => void (begun.value = written()) }
}

/**
 * What is typed is not lost without a question: not by another page, an address that takes the form away, a reload, or
 * the form's own close, which first asks the returned function; it is true when nothing is lost or the loss is accepted.
 */
export function useUnsaved(dirty: MaybeRefOrGetter<boolean>, { shown = true, stays = everywhere, kept = false, holds = false }: Options = {}): () => Promise<boolean> {
  const session = useSession()
  const writer = session.me?.user.id
  const around = inject(AROUND, nothing)
  const there = (): boolean => toValue(shown) && around.shown()
  const one: Unsaved = {
    // Another person who signs in must get a page of their own, whatever the first one leaves on this one.
    dirty: () => there() && toValue(dirty) && session.me?.user.id === writer,
    stays: (to, from) => stays(to, from) && around.stays(to, from),
    kept,
    within: new Set(),
  }
  if (holds) provide(AROUND, { stays: one.stays, shown: there, within: one.within })
  onMounted(() => { open.add(one); around.within?.add(one) })
  onBeforeUnmount(() => { open.delete(one); around.within?.delete(one); givenUp.delete(one) })
  useEventListener(window, 'beforeunload', (event: BeforeUnloadEvent) => { if (lost(one)) event.preventDefault() })
  return async () => !lostWith(one) || ask()
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
