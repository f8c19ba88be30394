import { shallowRef } from 'vue'
import { get, post } from '../../api/client'
import { label as labelOf, t } from '../../i18n'
import type { BoardColumn } from '../../records/screen'
import type { Option, Page, RecordRow, Schema } from '../../records/types'

/** A card was put where words are needed: the page asks for them. */
export const pending = shallowRef<{ record: RecordRow; verb: string; done: () => void; close: () => void } | null>(null)

function ask(record: RecordRow, verb: string): Promise<void> {
  return new Promise((resolve, reject) => {
    pending.value = { record, verb, done: resolve, close: () => reject(new Error(t('requests.not_moved'))) }
  })
}

/** The verb that leads from one state to another; the board's columns are states. */
const WAYS: Record<string, Record<string, string>> = {
  created: { assigned: 'assign', in_progress: 'start', on_hold: 'hold' },
  assigned: { in_progress: 'start', on_hold: 'hold', answered: 'answer' },
  in_progress: { assigned: 'assign', on_hold: 'hold', answered: 'answer' },
  on_hold: { created: 'resume', assigned: 'resume', in_progress: 'resume' },
  answered: { archived: 'archive', assigned: 'reopen' },
  archived: { assigned: 'reopen' },
}
const WORDS = new Set(['assign', 'hold', 'answer', 'reopen'])

export function verbBetween(from: string, to: string): string | undefined {
  return WAYS[from]?.[to]
}

let statuses: Option[] = []

export async function columns(filters: Record<string, string>): Promise<BoardColumn[]> {
  const schema = await get<Schema>('/requests/schema')
  statuses = schema.fields.find((field) => field.name === 'status')?.options ?? []
  return Promise.all(statuses.map(async (option) => {
    const page = await get<Page>('/requests', { ...filters, status: option.value, limit: 1, fields: 'id', count: true })
    return { value: option.value, label: labelOf(option.label), count: page.total ?? 0 }
  }))
}

export async function move(record: RecordRow, to: string): Promise<unknown> {
  const from = String(record.status)
  const verb = verbBetween(from, to)
  if (!verb || !record.can.includes(verb)) {
    const name = (value: string): string => labelOf(statuses.find((option) => option.value === value)?.label)
    throw new Error(t('requests.no_way', { from: name(from), to: name(to) }))
  }
  if (WORDS.has(verb)) return ask(record, verb)
  return post(`/requests/${record.id}/${verb}`, {})
}
