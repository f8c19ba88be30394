import { shallowReactive } from 'vue'
import { get } from '../api/client'
import { useSession } from '../session/session'
import { pathOf } from './collection'
import { screenOf } from './declared'
import type { Page } from './types'

/** The name of a record, once it is known; null when it is not there or not to be seen. */
const names = shallowReactive(new Map<string, string | null>())
const wanted = new Map<string, Set<string>>()
let timer = 0

const GATHER_MS = 12
const AT_ONCE = 100
const KEPT = 5000
const ASK_AGAIN_MS = 30_000
/** A question mark: where the collection has such a field. */
const FIELDS = 'id,name?,display_name?,number?,subject?,title?,summary?,code?'

interface Named {
  id: string
  name?: string
  display_name?: string
  number?: string
  subject?: unknown
  title?: string
  summary?: string
  code?: string
  active?: boolean
}

/** What a record is called, whatever its collection calls that. */
export function titleOf(record: object, resource?: string): string {
  const naming = resource ? screenOf(pathOf(resource) ?? '')?.naming : undefined
  const own = naming?.title(record as Record<string, unknown>)
  if (own) return own
  const row = record as Named
  // An approval's subject is the document it is about, and no text.
  const about = [row.subject, row.title, row.summary].find((one): one is string => typeof one === 'string' && one !== '')
  if (row.display_name) return row.display_name
  if (row.number && about) return `${row.number} ${about}`
  return row.name ?? row.number ?? about ?? row.code ?? ''
}

function fieldsFor(path: string): string {
  return [...new Set([...FIELDS.split(','), ...(screenOf(path)?.naming?.from ?? [])])].join(',')
}

/** Remember names that came with an answer anyway; of very many the oldest go, and are asked for again where one is shown. */
export function learn(resource: string, records: object[]): void {
  for (const record of records) names.set(`${resource}:${(record as Named).id}`, titleOf(record, resource))
  for (const oldest of names.keys()) {
    if (names.size <= KEPT) break
    names.delete(oldest)
  }
}

/**
 * The name of what an id points at: undefined while it is being asked, null when it cannot be seen. Everything that a
 * page asks for within a few milliseconds becomes one request per resource.
 */
export function nameOf(resource: string, id: string): string | null | undefined {
  const key = `${resource}:${id}`
  const known = names.get(key)
  if (known !== undefined || names.has(key)) return known
  const ids = wanted.get(resource) ?? new Set()
  if (!ids.size) wanted.set(resource, ids)
  ids.add(id)
  timer ||= window.setTimeout(ask, GATHER_MS)
  return undefined
}

function ask(): void {
  timer = 0
  const now = [...wanted]
  wanted.clear()
  for (const [resource, ids] of now) {
    const all = [...ids].filter((id) => !names.has(`${resource}:${id}`))
    for (let at = 0; at < all.length; at += AT_ONCE) void fetchNames(resource, all.slice(at, at + AT_ONCE))
  }
}

async function fetchNames(resource: string, ids: string[]): Promise<void> {
  const keys = ids.map((id) => `${resource}:${id}`)
  const path = pathOf(resource)
  let failed = false
  try {
    if (!useSession().may(`${resource}:read`)) throw new Unreadable()
    if (resource === 'region') return await fetchRegions(ids)
    if (!path) throw new Error(resource)
    const page = await get<Page<Named>>(`/${path}`, { id__in: ids.join(','), fields: fieldsFor(path), limit: AT_ONCE })
    learn(resource, page.items)
  } catch (error) {
    // A name is decoration: without it the page still works, and a while later it is asked for again.
    failed = !(error instanceof Unreadable)
  }
  const missing = keys.filter((key) => !names.has(key))
  for (const key of missing) names.set(key, resource === 'region' ? key.slice('region:'.length) : null)
  if (failed) setTimeout(() => missing.forEach((key) => names.delete(key)), ASK_AGAIN_MS)
}

/** The person may not read such records: there is nothing to ask for. */
class Unreadable extends Error {}

interface Region {
  code: string
  name: string
}

async function fetchRegions(codes: string[]): Promise<void> {
  const page = await get<Page<Region & { id: string }>>('/regions', { code__in: codes.join(','), limit: AT_ONCE })
  for (const region of page.items) names.set(`region:${region.code}`, region.name)
  for (const code of codes) if (!names.has(`region:${code}`)) names.set(`region:${code}`, code)
}

export interface Candidate {
  value: string
  label: string
  more: string
  /** No longer active. */
  former?: boolean
}

/** Records to choose from for a reference field: those that are active, unless `former` asks for the others as well. */
export async function candidates(resource: string, q: string, filter: Record<string, string> = {}, former = false): Promise<Candidate[]> {
  if (resource === 'region') {
    const page = await get<Page<Region>>('/regions', q ? { q, limit: 50 } : { level: 'province', limit: 50 })
    return page.items.map((region) => ({ value: region.code, label: region.name, more: region.code }))
  }
  const path = pathOf(resource)
  if (!path) return []
  const active: Record<string, string> = !former && (resource === 'user' || resource === 'product') ? { active: 'true' } : {}
  const page = await get<Page<Named>>(`/${path}`, { q, limit: 20, fields: former ? `${fieldsFor(path)},active?` : fieldsFor(path), ...active, ...filter })
  learn(resource, page.items)
  return page.items.map((item) => ({ value: item.id, label: titleOf(item, resource), more: item.code && item.code !== titleOf(item) ? item.code : '', former: item.active === false }))
}
