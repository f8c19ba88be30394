import { shallowRef } from 'vue'
import { get } from '../../api/client'
import { optionLabel } from '../../records/fields'
import type { Field, Schema } from '../../records/types'
import { useSession } from '../../session/session'

/** The kinds of notifications with their names, which mails share; asked once, when the first mail is shown. */
const kinds = shallowRef<Field>()
let asked = false

function learnKinds(): void {
  if (asked || !useSession().may('notification:read')) return
  asked = true
  void get<Schema>('/notifications/schema').then(
    (schema) => { kinds.value = schema.fields.find((field) => field.name === 'kind') },
    () => (asked = false),
  )
}

/** What a kind is called; undefined while that is being asked, and for who may not know. */
export function kindName(value: unknown): string | undefined {
  learnKinds()
  return kinds.value && optionLabel(kinds.value, value)
}
