import type { Label } from '../i18n'

export interface Option {
  value: string
  label: Label
}

export type FieldType =
  | 'id' | 'text' | 'integer' | 'number' | 'decimal' | 'boolean' | 'date' | 'datetime' | 'choice' | 'multi_choice' | 'choices'
  | 'money' | 'ref' | 'refs' | 'texts' | 'rows' | 'object' | 'phone' | 'email' | 'url' | 'user' | 'customer' | 'file' | 'password' | 'any'

export interface Field {
  name: string
  label: Label
  type: FieldType
  group: string
  required: boolean
  /** Null is a value that it takes. */
  nullable?: boolean
  read_only: boolean
  masked: boolean
  multiline: boolean
  longest: number | null
  resource: string | null
  options: Option[] | null
  filterable: boolean
  sortable: boolean
  custom: boolean
  /** Fields of each row, for `rows`. */
  rows?: Field[]
}

export interface Schema {
  name: string
  resource: string
  label: Label
  fields: Field[]
  can: string[]
  verbs: string[]
  /** Those that can be done to many records at once. */
  bulk_verbs?: string[]
  default_sort: string[]
  import_keys: string[]
}

export interface RecordRow {
  id: string
  version: number
  unit_id: string | null
  owner_id: string | null
  created_at: string
  updated_at: string
  custom: Record<string, unknown>
  tags: string[]
  can: string[]
  [field: string]: unknown
}

export interface Page<T = RecordRow> {
  items: T[]
  next_cursor: string | null
  total?: number
  total_capped?: boolean
}

export interface Job {
  id: string
  kind: string
  state: 'queued' | 'running' | 'done' | 'failed'
  progress: { done: number; total: number | null }
  counts: Record<string, number>
  errors: { line?: number; message?: string; errors?: { pointer: string; message: string }[] }[]
  file?: string | null
  rejected_file?: string | null
  can_undo?: boolean
  result?: Record<string, unknown>
}
