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
 * A form that is sent: `busy` while it is, then `errors` by field, and `general`, a sentence, unless one of the fields
 * that `shown` names shows what is wrong. `refused` is called after that and may say it better.
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
      if (error instanceof ApiError) errors.value = error.byField()
      general.value = shown().some((name) => errors.value[name]) ? '' : sentenceOf(error)
      await refused?.(error)
    } finally {
      busy.value = false
    }
  }
  return { busy, errors, general, clear, attempt }
}
