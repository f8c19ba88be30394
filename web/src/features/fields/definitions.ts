import { get } from '../../api/client'
import { ApiError } from '../../api/errors'
import type { Schema } from '../../records/types'

export interface DefinedOption { value: string; label: [zh: string, en: string] }

/** One definition of a custom field, or (`options`) of a choice field's options. */
export interface Definition {
  id: string
  unit_id: string | null
  key: string
  label_zh: string
  label_en: string
  kind: string
  options: DefinedOption[]
  required: boolean
  position: number
  active: boolean
}

export const KINDS = ['text', 'number', 'date', 'choice', 'multi_choice', 'boolean', 'user', 'customer', 'file'] as const
export const hasOptions = (kind: string): boolean => kind === 'choice' || kind === 'multi_choice' || kind === 'options'

/** The definitions in force, as the schema shows them to the caller's unit: custom fields only, retired ones not. */
export function fromSchema(schema: Schema): Definition[] {
  return schema.fields.filter((field) => field.custom).map((field, position) => ({
    id: (field as unknown as { id: string }).id,
    unit_id: null,
    key: field.name.slice('custom.'.length),
    label_zh: field.label.zh,
    label_en: field.label.en,
    kind: field.type,
    options: (field.options ?? []).map((option) => ({ value: option.value, label: [option.label.zh, option.label.en] })),
    required: field.required,
    position,
    active: true,
  }))
}

/** Every definition of the collection that the caller's roles reach; a server without that list shows those in force. */
export async function definitionsOf(collection: string, schema: () => Promise<Schema>): Promise<Definition[]> {
  try {
    return (await get<{ items: Definition[] }>(`/${collection}/fields`)).items
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 405)) return fromSchema(await schema())
    throw error
  }
}

/** What is wrong with a list of options: the number of the first incomplete one, 0 when there is none at all. */
export function incomplete(options: DefinedOption[]): number | null {
  if (!options.length) return 0
  const at = options.findIndex((option) => !option.value.trim() || option.label.some((word) => !word.trim()))
  return at < 0 ? null : at + 1
}
