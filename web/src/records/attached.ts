import { useQuery } from '@tanstack/vue-query'
import { computed, inject, provide, toValue, type ComputedRef, type InjectionKey, type MaybeRefOrGetter } from 'vue'
import { BASE, call, get } from '../api/client'

export interface Attachment {
  id: string
  name: string
  size: number
  category: string | null
  created_at: string
  created_by: string | null
}

/** Whose files are meant; without an id a record that is yet to be written. */
export interface FileHolder {
  collection: string
  id?: string
}

const HOLDER: InjectionKey<ComputedRef<FileHolder>> = Symbol('file holder')

/** Fields of kind `file` below this component belong to this record. */
export function provideHolder(holder: () => FileHolder): void {
  provide(HOLDER, computed(holder))
}

export function useHolder(given: () => FileHolder | undefined): ComputedRef<FileHolder | undefined> {
  const around = inject(HOLDER, undefined)
  return computed(() => given() ?? around?.value)
}

/** Where a record's files lie, or those of records yet to be written. */
export function filesPath(holder: FileHolder): string {
  return holder.id ? `/${holder.collection}/${holder.id}/attachments` : `/${holder.collection}/attachments`
}

export function fileAddress(holder: FileHolder, file: string): string {
  return `${BASE}${filesPath(holder)}/${file}`
}

/** The files of a record; nothing for one that is yet to be written. */
export function useAttachments(holder: MaybeRefOrGetter<FileHolder | undefined>, enabled: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: computed(() => ['files', toValue(holder)?.collection, toValue(holder)?.id]),
    queryFn: () => get<{ items: Attachment[] }>(filesPath(toValue(holder)!)),
    enabled: computed(() => Boolean(toValue(enabled) && toValue(holder)?.id)),
  })
}

export async function uploadTo(holder: FileHolder, file: File, category = ''): Promise<Attachment> {
  const form = new FormData()
  form.append('file', file)
  if (category) form.append('category', category)
  return (await call<Attachment>('POST', filesPath(holder), { form })).data
}
