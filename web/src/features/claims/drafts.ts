/** What somebody typed into a claim and did not save: kept while the console is open, so that closing a drawer loses nothing. */
export interface Item {
  category_id: string | null
  on: string | null
  amount: string
  currency: string
  rate: string
  invoice_kind: string | null
  invoice_no: string
  region_code: string | null
  note: string
  over_policy: boolean
}
export interface About { type: string; id: string | null }
export interface Draft { items: Item[]; about: About | null }

const kept = new Map<string, Draft>()

export const keep = (claim: string, draft: Draft): void => void kept.set(claim, structuredClone(draft))
export const recall = (claim: string): Draft | undefined => kept.get(claim)
export const forget = (claim: string): void => void kept.delete(claim)
