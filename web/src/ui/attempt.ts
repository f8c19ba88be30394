import { ref } from 'vue'
import { ApiError } from '../api/errors'
import { complain, sentenceOf } from './message'

/** A button that asks the server: `busy` while it does; what goes wrong is said in passing. A second press does nothing. */
export function useBusy() {
  const busy = ref(false)
  async function during(work: () => Promise<unknown>): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      await work()
    } catch (error) {
      complain(error)
    } finally {
      busy.value = false
    }
  }
  return { busy, during }
}

/**
 * What a repeated press sends unchanged, the key above all: made at the first press, and kept while nobody knows how the
 * request ended. A refused attempt is over, so the next press makes it anew; `forget` it when all is done.
 */
export function useKept<Kept>(make: () => Kept) {
  let kept: Kept | undefined
  async function once<Answer>(work: (kept: Kept) => Promise<Answer>): Promise<Answer> {
    try {
      return await work((kept ??= make()))
    } catch (error) {
      if (error instanceof ApiError && error.decided) kept = undefined
      throw error
    }
  }
  function forget(): void {
    kept = undefined
  }
  return { once, forget }
}

/**
 * A form that is sent: `busy` while it is, then `errors` by field, and `general`, a sentence about all that is wrong
 * elsewhere than at the fields that `shown` names. `refused` is called after that and may say it better.
 */
export function useAttempt(shown: () => readonly string[] = () => []) {
  const busy = ref(false)
  const errors = ref<Record<string, string>>({})
  const general = ref('')
  function clear(): void {
    errors.value = {}
    general.value = ''
  }
  async function attempt(work: () => Promise<unknown>, refused?: (error: unknown) => unknown): Promise<void> {
    if (busy.value) return
    busy.value = true
    clear()
    try {
      await work()
    } catch (error) {
      const names = shown()
      if (error instanceof ApiError) errors.value = error.byField()
      const placed = error instanceof ApiError && names.some((name) => errors.value[name])
      general.value = placed ? error.elsewhere(names) : sentenceOf(error)
      await refused?.(error)
    } finally {
      busy.value = false
    }
  }
  return { busy, errors, general, clear, attempt }
}
