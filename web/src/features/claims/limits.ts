import type { Money } from '../../i18n/format'
import { isMore, sum } from './decimal'

export interface Policy { id: string; unit_id: string | null; category_id: string; city_tier: string | null; grade: string | null; limit_per_day: Money }
export interface Spending { category_id: string | null; on: string | null; region_code: string | null; converted: string | undefined }
export interface Limit { limit: string; spent: string; over: boolean; /** A role may have another limit than the one shown. */ graded: boolean }

/** Prefixes of region codes (GB/T 2260), as the service sorts cities: Beijing, Shanghai, Guangzhou, Shenzhen; then municipalities, capitals and cities with a plan of their own. */
const FIRST_TIER = ['11', '31', '4401', '4403']
const SECOND_TIER = [
  '12', '50', '1301', '1401', '1501', '2101', '2201', '2301', '3201', '3301', '3401', '3501', '3601', '3701', '4101', '4201',
  '4301', '4501', '4601', '5101', '5201', '5301', '5401', '6101', '6201', '6301', '6401', '6501', '2102', '3302', '3502', '3702',
]

/** `1`, `2` or `3`; a place not named counts as the cheapest. */
export function cityTier(region: string | null): string {
  const begins = (prefixes: string[]): boolean => prefixes.some((prefix) => region?.startsWith(prefix))
  return begins(FIRST_TIER) ? '1' : begins(SECOND_TIER) ? '2' : '3'
}

/**
 * The limit of each spending's category, day and kind of city, and what its claim spends there; null where nothing
 * limits it. A preview: the roles that somebody else holds are not known here, so policies of a role are left out, and
 * the server's word on saving counts. depth: how near a policy's unit is; the greatest decides.
 */
export function limitsOf(spendings: Spending[], policies: Policy[], currency: string, depth: (unitId: string | null) => number): (Limit | null)[] {
  const key = (one: Spending): string => `${one.category_id} ${one.on} ${cityTier(one.region_code)}`
  return spendings.map((one) => {
    if (!one.category_id || !one.on) return null
    const tier = cityTier(one.region_code)
    const fitting = policies.filter((policy) => policy.category_id === one.category_id && policy.limit_per_day.currency === currency && [null, tier].includes(policy.city_tier) && depth(policy.unit_id) >= 0)
    const plain = fitting.filter((policy) => policy.grade === null)
    const best = plain.sort((a, b) => depth(b.unit_id) - depth(a.unit_id) || Number(b.city_tier !== null) - Number(a.city_tier !== null) || Number(isMore(b.limit_per_day.amount, a.limit_per_day.amount)) * 2 - 1)[0]
    if (!best) return null
    const spent = sum(spendings.filter((other) => key(other) === key(one)).map((other) => other.converted))
    return { limit: best.limit_per_day.amount, spent, over: isMore(spent, best.limit_per_day.amount), graded: fitting.length > plain.length }
  })
}
