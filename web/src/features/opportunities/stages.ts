import { shallowReactive } from 'vue'
import { get } from '../../api/client'
import { locale } from '../../i18n'
import type { Money } from '../../i18n/format'
import type { BoardColumn } from '../../records/screen'
import { sum } from '../claims/decimal'

export interface Named { name: string; name_en: string | null }
export interface Counted extends Named { stage: string; count: number; /** Null where the amounts are closed to the reader. */ amounts: Money[] | null }
interface Funnel { pipelines: { id: string; stages: Counted[] }[] }
export interface Pipeline { id: string; name: string; stages: (Named & { key: string; probability: number | null })[] }

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

/** The pipelines that deals of a unit may go through, the person's own unit unless named; the first is the one they do unless told. */
export async function pipelinesFor(unitId?: string | null): Promise<Pipeline[]> {
  const { items } = await get<{ items: Pipeline[] }>('/opportunities/pipelines', { unit_id: unitId })
  for (const pipeline of items) known.set(pipeline.id, pipeline)
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

/** One column for each key: pipelines may share it under several names, and the cards of all of them lie in it. */
export function columnsOf(stages: Counted[]): BoardColumn[] {
  return [...new Set(stages.map((stage) => stage.stage))].map((key) => {
    const same = stages.filter((stage) => stage.stage === key)
    return {
      value: key,
      label: [...new Set(same.map(named))].join(' / '),
      count: same.reduce((count, stage) => count + stage.count, 0),
      sums: together(same.map((stage) => stage.amounts)),
    }
  })
}

/** The columns of the board, with the server's counts and sums under the same filters as the cards. */
export async function stageColumns(filters: Record<string, string>): Promise<BoardColumn[]> {
  const funnel = await get<Funnel>('/opportunities/funnel', filters)
  const found = columnsOf(funnel.pipelines.flatMap((pipeline) => pipeline.stages))
  if (found.length) return found
  // Without an open deal the funnel names no stage; the board still shows where one would begin.
  const pipelines = await get<{ items: Pipeline[] }>('/pipelines', { limit: 1, id__in: filters.pipeline_id__in ?? filters.pipeline_id })
  return (pipelines.items[0]?.stages ?? []).map((stage) => ({ value: stage.key, label: named(stage), count: 0, sums: [] }))
}
