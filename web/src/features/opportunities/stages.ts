import { shallowReactive } from 'vue'
import { get } from '../../api/client'
import { ApiError } from '../../api/errors'
import { locale } from '../../i18n'
import type { Money } from '../../i18n/format'
import { nameOf } from '../../records/references'
import type { BoardColumn, BoardPart } from '../../records/screen'
import { sum } from '../claims/decimal'

export interface Named { name: string; name_en: string | null }
export interface Counted extends Named { stage: string; count: number; /** Null where the amounts are closed to the reader. */ amounts: Money[] | null }
interface Funnel { pipelines: (BoardPart & { stages: Counted[] })[] }
export interface Pipeline extends BoardPart { unit_id?: string; stages: (Named & { key: string; probability: number | null })[] }

export const named = (stage: Named): string => (locale.value === 'en' ? stage.name_en || stage.name : stage.name)

/** Pipelines by id; asked once, when the first stage is shown. */
const known = shallowReactive(new Map<string, Pipeline>())
let asked = false

function learnPipelines(): void {
  if (asked) return
  asked = true
  void get<{ items: Pipeline[] }>('/pipelines', { limit: 200 }).then(
    (page) => page.items.forEach((pipeline) => known.set(pipeline.id, pipeline)),
    () => (asked = false),
  )
}

/** A pipeline with its stages in order; undefined while it is being asked, or out of sight. */
export function pipelineOf(id: unknown): Pipeline | undefined {
  learnPipelines()
  return known.get(String(id))
}

/** What a pipeline is called where one of several is chosen: with its unit, as far as that can be seen, if another has the same name. */
export function nameAmong(one: BoardPart, all: BoardPart[]): string {
  const shared = all.some((other) => other.id !== one.id && other.name === one.name)
  const unitId = shared ? pipelineOf(one.id)?.unit_id : undefined
  const unit = unitId && nameOf('org_unit', unitId)
  return unit ? `${one.name} · ${unit}` : one.name
}

/** The pipelines that deals of a unit may go through, the person's own unit unless named; the first is the one they do unless told. */
export async function pipelinesFor(unitId?: string | null): Promise<Pipeline[]> {
  const { items } = await get<{ items: Pipeline[] }>('/opportunities/pipelines', { unit_id: unitId })
  for (const pipeline of items) known.set(pipeline.id, { ...known.get(pipeline.id), ...pipeline })
  return items
}

export function stageName(value: unknown, record: Record<string, unknown>): string | undefined {
  const stage = pipelineOf(record.pipeline_id)?.stages.find((one) => one.key === value)
  return stage && named(stage)
}

/** One sum for each currency, in the currencies' order: amounts of different currencies are not added. */
export function totals(amounts: Money[]): Money[] {
  const currencies = [...new Set(amounts.map((one) => one.currency))].sort()
  return currencies.map((currency) => ({ amount: sum(amounts.filter((one) => one.currency === currency).map((one) => one.amount)), currency }))
}

/** The same over several lists; null as soon as one of them is closed. */
export function together(lists: (Money[] | null)[]): Money[] | null {
  const open = lists.filter((one) => one !== null)
  return open.length === lists.length ? totals(open.flat()) : null
}

/** The pipelines that have a board although no deal is in them: those that the conditions name, or else the person's own unit's. */
async function withoutDeals(filters: Record<string, string>): Promise<Pipeline[]> {
  const wanted = filters.pipeline_id ?? filters.pipeline_id__in
  try {
    return wanted ? (await get<{ items: Pipeline[] }>('/pipelines', { limit: 200, id__in: wanted })).items : await pipelinesFor()
  } catch (error) {
    // Out of reach, as one's own unit is to somebody who sells for another one.
    if (error instanceof ApiError && error.decided) return []
    throw error
  }
}

/** The columns of each pipeline's board, the one with most deals first, with the server's counts and sums under the same filters as the cards. */
export async function stageColumns(filters: Record<string, string>): Promise<BoardColumn[]> {
  const [{ pipelines: busy }, offered] = await Promise.all([get<Funnel>('/opportunities/funnel', filters), withoutDeals(filters)])
  const deals = ({ stages }: { stages: Counted[] }): number => stages.reduce((count, stage) => count + stage.count, 0)
  const idle: Funnel['pipelines'] = offered
    .filter((one) => !busy.some((other) => other.id === one.id))
    .map(({ id, name, stages }) => ({ id, name, stages: stages.map((stage) => ({ ...stage, stage: stage.key, count: 0, amounts: [] })) }))
  return [...busy.sort((one, other) => deals(other) - deals(one)), ...idle].flatMap(({ id, name, stages }) =>
    stages.map((stage) => ({ value: stage.stage, label: named(stage), of: { id, name }, count: stage.count, sums: stage.amounts })),
  )
}
