import { scaled } from './amounts'

/** How much of a line went out, came back or will not go out any more. Lines of earlier orders say nothing of the last. */
export interface Moved {
  quantity: string
  delivered_quantity: string
  returned_quantity: string
  cancelled_quantity?: string | null
}

const PLACES = 3
const whole = (text: string | null | undefined): bigint => scaled(text, PLACES) ?? 0n
/** A quantity as the API takes it. */
export const written = (value: bigint): string => (Number(value) / 10 ** PLACES).toString()

/** What can still be delivered of a line. */
export const toDeliver = (line: Moved): bigint => whole(line.quantity) - whole(line.delivered_quantity) - whole(line.cancelled_quantity)

/** What the customer has of a line, and may send back. */
export const withCustomer = (line: Moved): bigint => whole(line.delivered_quantity) - whole(line.returned_quantity)

/** The lines of which something is not delivered yet. */
export function undelivered<T extends Moved>(lines: T[]): T[] {
  return lines.filter((line) => toDeliver(line) > 0n)
}
