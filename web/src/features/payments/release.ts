import type { Money } from '../../i18n/format'
import { cents, scaled } from '../orders/amounts'
import type { Allocation } from './AllocationTable.vue'

/** What a payment pays of each receivable, in cents; several allocations to one are taken together. */
export function allocatedTo(allocations: Allocation[]): Map<string, bigint> {
  const found = new Map<string, bigint>()
  for (const one of allocations) found.set(one.receivable_id, (found.get(one.receivable_id) ?? 0n) + (scaled(one.amount, 2) ?? 0n))
  return found
}

/** Whether an amount can be taken back from what is allocated; an empty field takes nothing. */
export function releasable(text: string, allocated: bigint): boolean {
  if (!text) return true
  const amount = scaled(text, 2)
  return amount !== undefined && amount <= allocated
}

/** The rows that are asked to be taken back. */
export function released(typed: Record<string, string>): Allocation[] {
  return Object.entries(typed).flatMap(([receivable_id, text]) => {
    const amount = scaled(text, 2) ?? 0n
    return amount > 0n ? [{ receivable_id, amount: cents(amount) }] : []
  })
}

/** What a refund begins with: all that is not allocated, or nothing. */
export function refundable(unallocated: Money | null | undefined): string | null {
  return unallocated && (scaled(unallocated.amount, 2) ?? 0n) > 0n ? unallocated.amount : null
}
