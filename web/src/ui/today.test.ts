import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, watch, type EffectScope, type Ref } from 'vue'
import { useToday } from './today'

const LATE_EVENING = new Date(2026, 10, 26, 23, 59, 30)
let page: EffectScope
beforeEach(() => {
  vi.useFakeTimers({ now: LATE_EVENING })
  page = effectScope()
})
afterEach(() => {
  page.stop()
  vi.useRealTimers()
})
const opened = (): Readonly<Ref<Date>> => page.run(useToday)!

test('a page that is left open is in the new day within a minute', () => {
  const today = opened()
  expect(today.value).toEqual(new Date(2026, 10, 26))
  vi.advanceTimersByTime(60_000)
  expect(today.value).toEqual(new Date(2026, 10, 27))
})

test('a tab whose timers slept is in the new day when it is looked at', () => {
  const today = opened()
  vi.setSystemTime(new Date(2026, 10, 28, 8, 0))
  expect(today.value).toEqual(new Date(2026, 10, 26))
  document.dispatchEvent(new Event('visibilitychange'))
  expect(today.value).toEqual(new Date(2026, 10, 28))
})

test('what is computed from the day is computed once a day, and everybody shares one timer', () => {
  const [today, another] = [opened(), opened()]
  const seen = vi.fn()
  page.run(() => watch(today, seen, { flush: 'sync' }))
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(10 * 60_000)
  expect(seen).toHaveBeenCalledTimes(1)
  expect(another.value).toEqual(today.value)
})
