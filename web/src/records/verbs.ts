import { t } from '../i18n'
import { screenOf } from './registry'
import type { RecordRow, Schema } from './types'

export function verbTitle(collection: string, verb: string): string {
  return t(screenOf(collection)?.verbs?.[verb]?.title ?? `records.verb_${verb}`)
}

/** What null is called in the form of a verb, by field. */
export function nothingOf(collection: string, verb: string): Record<string, string> {
  const keys = screenOf(collection)?.verbs?.[verb]?.nothing ?? {}
  return Object.fromEntries(Object.entries(keys).map(([field, key]) => [field, t(key)]))
}

/** What this person may do to this record now: the server's word on the record, and only verbs of the collection. */
export function verbsOf(schema: Schema | undefined, record: RecordRow | undefined): string[] {
  return schema && record ? schema.verbs.filter((verb) => record.can.includes(verb)) : []
}
