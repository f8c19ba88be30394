/** Exact sums of decimals written as text: a float would lose cents, and the server computes exactly. */

interface Scaled { units: bigint; places: number }

/** Undefined for what is no plain decimal number. */
function scaled(text: string): Scaled | undefined {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text.trim())
  if (!match) return undefined
  const [, sign, whole = '0', part = ''] = match
  const units = BigInt(whole + part)
  return { units: sign ? -units : units, places: part.length }
}

function written(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const sign = units < 0n ? '-' : ''
  return places ? `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}` : sign + digits
}

const CENTS = 2

/** To the cent, half up. */
function toCents({ units, places }: Scaled): bigint {
  if (places <= CENTS) return units * 10n ** BigInt(CENTS - places)
  const divisor = 10n ** BigInt(places - CENTS)
  const half = divisor / 2n
  return units < 0n ? -((-units + half) / divisor) : (units + half) / divisor
}

/** `amount` × `rate` to the cent, half up; undefined while one of them is no number. */
export function converted(amount: string, rate: string): string | undefined {
  const one = scaled(amount)
  const other = scaled(rate)
  if (!one || !other) return undefined
  return written(toCents({ units: one.units * other.units, places: one.places + other.places }), CENTS)
}

/** The sum to the cent; what is no number counts nothing. */
export function sum(amounts: (string | undefined)[]): string {
  let cents = 0n
  for (const amount of amounts) {
    const value = amount === undefined ? undefined : scaled(amount)
    if (value) cents += toCents(value)
  }
  return written(cents, CENTS)
}

export function isMore(left: string, right: string): boolean {
  const one = scaled(left)
  const other = scaled(right)
  if (!one || !other) return false
  const places = Math.max(one.places, other.places)
  return one.units * 10n ** BigInt(places - one.places) > other.units * 10n ** BigInt(places - other.places)
}
