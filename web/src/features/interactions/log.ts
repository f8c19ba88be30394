import { useWriting } from '../../records/collection'
import type { RecordRow } from '../../records/types'
import { useKept } from '../../ui/attempt'
import { addDays } from '../activities/times'

/** An interaction as somebody says it. `occurred_at` null: just now. */
export interface Draft {
  kind: string
  customer_id: string | null
  contact_id: string | null
  summary: string
  subject: string
  feedback: string
  occurred_at: string | null
  next_step: string
  next_at: string | null
}

const SUBJECT_LONGEST = 60
const STEP_LONGEST = 200
const HOUR = 10

const firstSentence = (text: string): string => (text.trim().split(/[。！？!?\n]|\.\s/)[0] ?? '').trim().slice(0, SUBJECT_LONGEST)

/** Ten o'clock on the day that many days from now. */
export function inDays(days: number): string {
  const day = addDays(new Date(), days)
  day.setHours(HOUR, 0, 0, 0)
  return day.toISOString()
}

function bodyOf(draft: Draft, now: string): Record<string, unknown> {
  const said = { ...draft, subject: draft.subject.trim() || firstSentence(draft.summary), occurred_at: draft.occurred_at ?? now }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== ''))
}

/**
 * Writes what was said, and its next step as an activity: each once, however often the button is pressed. The same key
 * goes with the same body only, so the moment and the day that nobody typed are kept with it.
 */
export function useLog() {
  const interactions = useWriting('interactions')
  const activities = useWriting('activities')
  const logging = useKept(() => ({ key: crypto.randomUUID(), now: new Date().toISOString(), record: null as RecordRow | null }))
  const planning = useKept(() => ({ key: crypto.randomUUID(), due_at: inDays(1) }))

  return {
    /** Answers what an earlier press has written, when only the step after it failed. */
    log: (draft: Draft): Promise<RecordRow> => logging.once(async (kept) => (kept.record ??= await interactions.create(bodyOf(draft, kept.now), kept.key))),
    plan: (draft: Draft): Promise<RecordRow> => planning.once(({ key, due_at }) => activities.create({ subject: draft.next_step.trim().slice(0, STEP_LONGEST), kind: 'task', customer_id: draft.customer_id, contact_id: draft.contact_id, due_at: draft.next_at ?? due_at }, key)),
    forget(): void {
      logging.forget()
      planning.forget()
    },
  }
}
