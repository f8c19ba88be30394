import type { Label } from '../../i18n'
import type { RecordRow } from '../../records/types'

export interface Assignee { user_id: string; delegate_id: string | null; state: string; decided_by: string | null; at: string | null; comment: string | null }
export interface Approval extends RecordRow {
  title: string
  subject: { type: string; id: string; title: string }
  subject_type: string
  subject_id: string
  requester_id: string
  round: number
  flow_name: string | null
  flow_version: number | null
  status: string
  mine: string | null
  waiting_ids: string[]
  due_at: string | null
  fields: Record<string, unknown>
}

export interface Person { user_id: string; name: string | null; decided_by?: string | null; decided_by_name?: string | null; delegate_name?: string | null; state: string; state_name?: Label; at: string | null; comment?: string | null }
export interface Node { id: string; kind: 'start' | 'step' | 'end'; name: Label; state: string; state_name: Label; people: Person[]; row: number; rule?: string; due_at?: string | null; timed_out_at?: string | null }
export interface Graph { nodes: Node[]; edges: { from: string; to: string }[] }

export const TONES: Record<string, string> = { approved: 'good', requested: '', waiting: 'info', running: 'info', rejected: 'bad', returned: 'warn' }
