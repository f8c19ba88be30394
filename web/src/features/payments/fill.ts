import { scaled } from '../orders/amounts'

export interface Owed {
  id: string
  outstanding: bigint
}

export { scaled }

/** Spread an amount, in cents, over what is owed, in the order given; the chosen one first. */
export function oldestFirst(free: bigint, owed: Owed[], first?: string | null): Record<string, bigint> {
  const parts: Record<string, bigint> = {}
  let left = free
  for (const one of [...owed].sort((a, b) => Number(b.id === first) - Number(a.id === first))) {
    const part = left < one.outstanding ? left : one.outstanding
    if (part > 0n) parts[one.id] = part
    left -= part
  }
  return parts
}
