import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { ApiError } from '../api/errors'
import { BASE, call, get, post } from '../api/client'
import { setLocale, type Locale } from '../i18n'
import { forgetReads, lastPerson, rememberPerson } from './offline'
import { empty } from './outbox'

export interface Unit {
  id: string
  code: string
  name: string
  name_en: string | null
  kind: string
  currency: string
}

export interface Me {
  user: { id: string; username: string; display_name: string; email: string | null; unit_id: string; locale: string; role_ids: string[] }
  units: Unit[]
  companies: Unit[]
  company_id: string | null
  permissions: Record<string, { everything: boolean; own: boolean; units: string[]; subtrees: string[] }>
  fields: Record<string, Record<string, string>>
  must_change_password: boolean
  csrf_token?: string
}

export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  const csrf = ref('')
  const known = ref(false)
  /** Someone is in the middle of work and the session ended. */
  const expired = ref(false)
  const unitId = ref<string | null>(null)
  let waiting: { promise: Promise<void>; resolve: () => void } | null = null

  const currency = computed(() => me.value?.companies[0]?.currency ?? me.value?.units[0]?.currency ?? 'CNY')

  function may(permission: string): boolean {
    return me.value !== null && permission in me.value.permissions
  }

  /** Load who is signed in; false when nobody is. Asked without the client, which would offer a sign-in. */
  async function load(): Promise<boolean> {
    let response: Response
    try {
      response = await fetch(`${BASE}/auth/me`)
    } catch {
      const person = await lastPerson<Me>()
      if (person) return show(person), true
      throw new ApiError({ status: 0, code: 'unreachable', detail: '' })
    }
    known.value = true
    if (response.status === 401) return await forgetReads(), false
    if (!response.ok) throw new ApiError({ status: response.status, code: 'unavailable', detail: response.statusText })
    await accept(await response.json())
    return true
  }

  /** Take over who the server says is signed in. What another person read on this device goes. */
  async function accept(answer: Me): Promise<void> {
    const before = me.value ?? (await lastPerson<Me>())
    if (before && before.user.id !== answer.user.id) await forgetReads()
    csrf.value = answer.csrf_token ?? csrf.value
    show(answer)
    const { csrf_token: _token, ...person } = answer
    await rememberPerson(person)
  }

  function show(answer: Me): void {
    me.value = answer
    unitId.value = localStorage.getItem(`banyan.unit.${answer.user.id}`)
    if (!localStorage.getItem('banyan.locale') && answer.user.locale) setLocale(answer.user.locale as Locale)
  }

  async function signIn(username: string, password: string, totp?: string): Promise<void> {
    const before = me.value?.user.id
    const answer = await post<{ csrf_token: string }>('/auth/login', { username, password, ...(totp ? { totp } : {}) })
    csrf.value = answer.csrf_token
    await accept(await get<Me>('/auth/me'))
    // Another person must not find the first one's half-filled forms, nor send as their own what the first one began:
    // what waits for the sign-in goes with this document.
    if (expired.value && before && before !== me.value?.user.id) return location.assign('/')
    expired.value = false
    waiting?.resolve()
    waiting = null
  }

  function signInAgain(): Promise<void> {
    if (!waiting) {
      let resolve = (): void => undefined
      const promise = new Promise<void>((done) => (resolve = done))
      waiting = { promise, resolve }
      expired.value = true
    }
    return waiting.promise
  }

  async function signOut(): Promise<void> {
    await call('POST', '/auth/logout')
    await Promise.all([forgetReads(), empty()])
    // A fresh document: nothing of the person stays in memory.
    location.assign('/sign-in')
  }

  function chooseUnit(id: string | null): void {
    unitId.value = id
    const key = `banyan.unit.${me.value?.user.id}`
    if (id) localStorage.setItem(key, id)
    else localStorage.removeItem(key)
  }

  return { me, csrf, known, expired, unitId, currency, may, load, signIn, signInAgain, signOut, chooseUnit }
})
