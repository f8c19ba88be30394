import { createSharedComposable, useEventListener, useIntervalFn } from '@vueuse/core'
import { computed, shallowReadonly, shallowRef, type ComputedRef } from 'vue'

const MINUTE_MS = 60_000

/** The present by the minute, from one timer for the whole page. */
export const useMinute = createSharedComposable(() => {
  const now = shallowRef(new Date())
  const look = (): void => { now.value = new Date() }
  useIntervalFn(look, MINUTE_MS)
  // The timers of a tab that nobody looks at are late, and those of a machine that sleeps stand still.
  useEventListener(document, 'visibilitychange', look)
  return shallowReadonly(now)
})

/** The midnight at which the person's day began; what is computed from it changes once a day. */
export function useToday(): ComputedRef<Date> {
  const now = useMinute()
  return computed<Date>((before) => {
    const day = new Date(now.value.getFullYear(), now.value.getMonth(), now.value.getDate())
    return before?.getTime() === day.getTime() ? before : day
  })
}
