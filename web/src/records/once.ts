import { shallowRef } from 'vue'
import { screenOf } from './declared'

/** A secret that the server tells once; it lives here until the person has noted it, and nowhere else. */
export const told = shallowRef<{ secret: string; hint: string; name: string } | null>(null)

/** The answer without what is told once, which is shown instead of kept with the record. */
export function withoutSecret<T extends object>(collection: string, answer: T): T {
  for (const [field, hint] of Object.entries(screenOf(collection)?.once ?? {})) {
    const { [field]: secret, ...rest } = answer as Record<string, unknown>
    if (typeof secret !== 'string' || !secret) continue
    told.value = { secret, hint, name: String(rest.display_name ?? rest.name ?? '') }
    return rest as T
  }
  return answer
}
