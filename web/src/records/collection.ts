import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import contract from '../api/contract.json'
import { call, get, post, type Call } from '../api/client'
import { ApiError, Queued } from '../api/errors'
import { keep } from '../session/outbox'
import { screenOf } from './declared'
import { withoutSecret } from './once'
import type { Field, Job, Page, RecordRow, Schema } from './types'

type RowContract = Record<string, Record<string, Partial<Field>[]>>
type VerbContract = Record<string, Record<string, Partial<Field>[]>>
const PATHS = contract.paths as Record<string, string>
const ROWS = contract.rows as unknown as RowContract
const VERBS = contract.verbs as unknown as VerbContract
const FIVE_MINUTES = 300_000

/** The path of a resource: `travel_plan` -> `travel-plans`. */
export function pathOf(resource: string): string | undefined {
  return PATHS[resource]
}

export function resourceOf(path: string): string | undefined {
  return Object.keys(PATHS).find((name) => PATHS[name] === path)
}

function complete(field: Partial<Field>): Field {
  const base = { group: 'main', read_only: false, masked: false, filterable: false, sortable: false, custom: false }
  return { ...base, ...field, rows: field.rows?.map(complete) } as Field
}

/** The fields of a verb's body, as the API describes them; undefined when there is no such verb. */
export function verbFields(collection: string, verb: string): Field[] | undefined {
  return VERBS[collection]?.[verb]?.map(complete)
}

/** What a form of these fields sends: null only for a field that has to be answered, where null is an answer. */
export function answersOf(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  const answered = ({ name, required, nullable }: Field): boolean => values[name] !== undefined && (values[name] !== null || Boolean(required && nullable))
  return Object.fromEntries(fields.filter(answered).map(({ name }) => [name, values[name]]))
}

/** The fields inside a field that holds rows or an object. */
export function rowFields(collection: string, field: string): Field[] {
  return (ROWS[collection]?.[field] ?? []).map(complete)
}

export function schemaQuery(collection: string) {
  return {
    queryKey: ['schema', collection],
    queryFn: async () => {
      const schema = await get<Schema>(`/${collection}/schema`)
      for (const field of schema.fields) if (field.type === 'rows') field.rows = rowFields(collection, field.name)
      return schema
    },
    staleTime: FIVE_MINUTES,
  }
}

export function useSchema(collection: MaybeRefOrGetter<string>) {
  return useQuery(computed(() => schemaQuery(toValue(collection))))
}

export const PAGE = 50

/** A list, page by page. Filters are written as the API writes them: `status=open`, `amount__gte=1000`. */
export function useList(
  collection: MaybeRefOrGetter<string>,
  query: MaybeRefOrGetter<Record<string, string>>,
  enabled: MaybeRefOrGetter<boolean> = true,
) {
  return useInfiniteQuery({
    queryKey: computed(() => ['list', toValue(collection), toValue(query)]),
    queryFn: ({ pageParam, signal }) =>
      get<Page>(`/${toValue(collection)}`, { ...toValue(query), limit: PAGE, cursor: pageParam, count: pageParam ? undefined : true }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled: computed(() => toValue(enabled)),
  })
}

const KEPT_PAGES = 5

/** Where a page of a long list begins; a class, so that the way back is kept as it is and not compared or copied. */
class Place {
  constructor(readonly at: number, readonly cursor: string, readonly before: Place | null) {}
}

/**
 * A list that somebody may scroll through to its end. Five pages around the reader are kept, whatever was seen: those
 * left behind are dropped and asked for again when the reader comes back: each row drawn makes the next page slower. `skipped`: how many rows stand before `rows`.
 */
export function useLongList(collection: MaybeRefOrGetter<string>, query: MaybeRefOrGetter<Record<string, string>>) {
  const client = useQueryClient()
  const queryKey = computed(() => ['list', toValue(collection), toValue(query), 'long'])
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam: { at, cursor }, signal }) =>
      get<Page>(`/${toValue(collection)}`, { ...toValue(query), limit: PAGE, cursor, count: at ? undefined : true }, signal),
    initialPageParam: new Place(0, '', null),
    getNextPageParam: (page, _pages, place) => (page.next_cursor ? new Place(place.at + 1, page.next_cursor, place) : undefined),
    getPreviousPageParam: (_page, _pages, place) => place.before ?? undefined,
    maxPages: KEPT_PAGES,
    placeholderData: keepPreviousData,
    shallow: true,
  })
  const rows = computed(() => list.data.value?.pages.flatMap((page) => page.items) ?? [])
  const skipped = computed(() => ((list.data.value?.pageParams[0] as Place | undefined)?.at ?? 0) * PAGE)
  return { ...list, rows, skipped, restart: () => client.resetQueries({ queryKey: queryKey.value, exact: true }) }
}

export function useRecord(collection: MaybeRefOrGetter<string>, id: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: computed(() => ['record', toValue(collection), toValue(id)]),
    queryFn: () => get<RecordRow>(`/${toValue(collection)}/${toValue(id)}`),
    enabled: computed(() => Boolean(toValue(id))),
  })
}

/** Names a record of any kind, as `about` does. */
export interface Pointer {
  type: string
  id: string
}

export function pointerOf(value: unknown): Pointer | null {
  const { type, id } = (value ?? {}) as Partial<Pointer>
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : null
}

/** `custom.vip_no` is inside `custom`. */
export function valueOf(record: Record<string, unknown>, name: string): unknown {
  if (!name.startsWith('custom.')) return record[name]
  return (record.custom as Record<string, unknown> | undefined)?.[name.slice(7)]
}

/** Flat values by field name in the shape of a request's body. */
export function bodyOf(values: Record<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('custom.')) (body.custom ??= {} as Record<string, unknown>, body.custom as Record<string, unknown>)[name.slice(7)] = value
    else body[name] = value
  }
  return body
}

/** When an event has reached the customer's timeline and figures: a moment later than the answer, on a busy day two. */
const EVENTS_MS = [900, 2500]

/** The part of a record that names customers. */
interface Named {
  id: string
  customer_id?: unknown
  customer_ids?: unknown
  about?: unknown
}

function customersOf(record: Named): string[] {
  const about = (record.about ?? {}) as { type?: unknown; id?: unknown }
  const named = [record.customer_id, ...(Array.isArray(record.customer_ids) ? record.customer_ids : []), about.type === 'customer' ? about.id : null]
  return [...new Set(named)].filter((id): id is string => typeof id === 'string' && id !== '')
}

/** The pages of a record's customers ask anew: now, for what their own service knows, and when events have come. */
function retellCustomers(client: QueryClient, record: Named): void {
  for (const id of customersOf(record)) {
    const again = (): void => void client.invalidateQueries({ queryKey: ['timeline', id] })
    again()
    for (const wait of EVENTS_MS) setTimeout(again, wait)
  }
}

/** What is told of a record that was written is asked for anew, on its own page and on its customers'. */
export function retell(client: QueryClient, record: Named): void {
  void client.invalidateQueries({ queryKey: ['timeline', record.id] })
  retellCustomers(client, record)
}

/** Show a changed record everywhere at once: in its own view, in every list that holds it; counts are asked anew. */
export function spread(client: QueryClient, collection: string, record: RecordRow): void {
  client.setQueryData(['record', collection, record.id], record)
  client.setQueriesData<{ pages: Page[]; pageParams: unknown[] }>({ queryKey: ['list', collection] }, (data) =>
    data?.pages
      ? { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === record.id ? record : item)) })) }
      : data,
  )
  void client.invalidateQueries({ queryKey: ['history', collection, record.id] })
  void client.invalidateQueries({ queryKey: ['board', collection] })
  retell(client, record)
}

export function useWriting(collection: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  const name = (): string => toValue(collection)
  const refresh = (): Promise<void> => {
    void client.invalidateQueries({ queryKey: ['board', name()] })
    return client.invalidateQueries({ queryKey: ['list', name()] })
  }

  return {
    refresh,
    /** Raises Queued when there is no line and the screen allows to write without one: then it is kept, once per key. */
    async create(values: Record<string, unknown>, key: string = crypto.randomUUID()): Promise<RecordRow> {
      const body = bodyOf(values)
      const answer = await post<RecordRow>(`/${name()}`, body, { key }).catch(async (error: unknown) => {
        if (!(error instanceof ApiError && error.status === 0 && screenOf(name())?.offline)) throw error
        await keep(`/${name()}`, body, key)
        throw new Queued()
      })
      const made = withoutSecret(name(), answer)
      client.setQueryData(['record', name(), made.id], made)
      retell(client, made)
      await refresh()
      return made
    },
    /** Raises ApiError 412 when somebody changed the record since `version`. */
    async change(record: Pick<RecordRow, 'id' | 'version'>, values: Record<string, unknown>): Promise<RecordRow> {
      const options: Call = { body: bodyOf(values), etag: `"${record.version}"` }
      const changed = (await call<RecordRow>('PATCH', `/${name()}/${record.id}`, options)).data
      spread(client, name(), changed)
      return changed
    },
    async remove(record: Pick<RecordRow, 'id' | 'version'>): Promise<void> {
      await call('DELETE', `/${name()}/${record.id}`, { etag: `"${record.version}"` })
      client.removeQueries({ queryKey: ['record', name(), record.id] })
      retellCustomers(client, record)
      await refresh()
    },
    async restore(id: string): Promise<RecordRow> {
      const record = await post<RecordRow>(`/${name()}/${id}/restore`)
      client.setQueryData(['record', name(), id], record)
      retell(client, record)
      await refresh()
      return record
    },
    async verb(id: string, verb: string, body: Record<string, unknown>, key?: string): Promise<RecordRow> {
      const answer = await post<RecordRow | undefined>(`/${name()}/${id}/${verb}`, body, { key }).catch((error: unknown) => {
        // Refused because the record is not as it is shown: show how it is.
        if (error instanceof ApiError && error.status === 409) void Promise.all([client.invalidateQueries({ queryKey: ['record', name(), id] }), refresh()])
        throw error
      })
      const record = withoutSecret(name(), answer ?? ({} as RecordRow))
      if (record?.id === id) spread(client, name(), record)
      for (const other of screenOf(name())?.verbs?.[verb]?.touches ?? []) for (const held of ['record', 'list']) void client.invalidateQueries({ queryKey: [held, other] })
      await refresh()
      return record
    },
    async bulk(action: string, chosen: { ids: string[] } | { filter: Record<string, string> }, args: Record<string, unknown> = {}) {
      const answer = await post<{ results?: BulkResult[] } & Partial<Job>>(`/${name()}/bulk`, { action, args, ...chosen })
      await refresh()
      void client.invalidateQueries({ queryKey: ['record', name()] })
      return answer
    },
  }
}

export interface BulkResult {
  id: string
  status: 'ok' | 'error'
  problem?: { detail: string }
}
