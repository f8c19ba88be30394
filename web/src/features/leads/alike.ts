import { post } from '../../api/client'

export interface Match {
  resource: 'lead' | 'customer'
  id: string
  name: string
  company: string | null
  matched: string[]
}

export interface Alike {
  items: Match[]
  /** There are more, out of the caller's sight. */
  elsewhere: boolean
}

/** Leads and customers like these values; nothing for values that are too short to say anything. */
export async function alike(values: Record<string, unknown>, but?: string): Promise<Alike> {
  const given = Object.fromEntries(['phone', 'email', 'company'].flatMap((name) => (String(values[name] ?? '').trim().length > 1 ? [[name, values[name]]] : [])))
  if (!Object.keys(given).length) return { items: [], elsewhere: false }
  const found = await post<Alike>('/leads/duplicates', given)
  return { ...found, items: found.items.filter((item) => item.id !== but) }
}
