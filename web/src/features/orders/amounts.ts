/** One line as somebody types it; numbers are text, as the API has them. */
export interface Line {
  product_id?: string | null
  name?: string | null
  unit?: string | null
  quantity?: string | null
  price?: string | null
  discount?: string | null
  tax_rate?: string | null
  list_price?: string | null
}

export interface Amounts {
  net: bigint
  tax: bigint
  total: bigint
}

/** A decimal as a whole number of its last place: `scaled('1.5', 2)` is 150n. Undefined for what is no such number. */
export function scaled(text: string | null | undefined, places: number): bigint | undefined {
  const match = /^(\d+)(?:\.(\d*))?$/.exec((text ?? '').trim())
  if (!match || (match[2]?.length ?? 0) > places) return undefined
  return BigInt(match[1] + (match[2] ?? '').padEnd(places, '0'))
}

function halfUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor / 2n) / divisor
}

/**
 * What a line comes to, in cents: net and tax rounded half up each, as the server does it. Floats would be a cent off.
 * Undefined while the line cannot be priced.
 */
export function amountsOf(line: Line): Amounts | undefined {
  const quantity = scaled(line.quantity, 3)
  const price = scaled(line.price, 2)
  const discount = scaled(line.discount || '0', 2)
  const rate = scaled(line.tax_rate || '0', 2)
  if (quantity === undefined || price === undefined || discount === undefined || rate === undefined) return undefined
  const net = halfUp(quantity * price * (10_000n - discount), 10_000_000n)
  const tax = halfUp(net * rate, 10_000n)
  return { net, tax, total: net + tax }
}

export function sum(lines: Line[]): Amounts {
  const all = lines.flatMap((line) => amountsOf(line) ?? [])
  const add = (part: keyof Amounts): bigint => all.reduce((found, one) => found + one[part], 0n)
  return { net: add('net'), tax: add('tax'), total: add('total') }
}

/** How far below its list price a line is sold, in percent; its discount where there is no list price. */
export function reductionOf(line: Line): number {
  const discount = Number(line.discount || 0)
  const listed = Number(line.list_price || 0)
  if (!listed || !line.price) return discount
  const below = ((listed - Number(line.price) * (1 - discount / 100)) / listed) * 100
  return Math.max(below, discount, 0)
}

export function cents(value: bigint): string {
  const digits = value.toString().padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

export function isBlank(line: Line): boolean {
  return !line.product_id && !line.name && !line.price
}

/** The lines as the API takes them, without those that nobody filled in. */
export function bodyOf(lines: Line[]): Line[] {
  const names = ['product_id', 'name', 'unit', 'quantity', 'price', 'discount', 'tax_rate'] as const
  return lines.filter((line) => !isBlank(line)).map((line) => Object.fromEntries(names.flatMap((name) => (line[name] ? [[name, line[name]]] : []))))
}

/** Errors by pointer, from the lines that were sent back to the lines on the screen. */
export function placed(lines: Line[], errors: Record<string, string>): Record<string, string> {
  const sent = lines.flatMap((line, at) => (isBlank(line) ? [] : [at]))
  return Object.fromEntries(Object.entries(errors).map(([pointer, message]) => [pointer.replace(/^\/lines\/(\d+)/, (_, index: string) => `/lines/${sent[Number(index)] ?? index}`), message]))
}
