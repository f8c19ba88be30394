import en from 'element-plus/es/locale/lang/en'
import zhCn from 'element-plus/es/locale/lang/zh-cn'
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import type { Texts } from './define'

export type Locale = 'zh-CN' | 'en'
export interface Label {
  zh: string
  en: string
}

const KEPT = 'banyan.locale'
const found = import.meta.glob<{ default: Texts }>('../**/texts.ts', { eager: true })

type Messages = Record<string, Record<string, string>>

/** `../features/customers/texts.ts` holds `customers.…`, `../shell/texts.ts` holds `shell.…`. */
export function messagesOf(modules: Record<string, { default: Texts }>, language: 0 | 1): Messages {
  const messages: Messages = {}
  for (const [path, module] of Object.entries(modules)) {
    const area = path.split('/').at(-2) ?? ''
    const entries = Object.entries(module.default).map(([name, pair]) => [name, pair[language]] as const)
    messages[area] = Object.fromEntries(entries)
  }
  return messages
}

function firstLocale(): Locale {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'zh-CN' || kept === 'en') return kept
  return navigator.language.startsWith('zh') ? 'zh-CN' : 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLocale(),
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': messagesOf(found, 0), en: messagesOf(found, 1) },
})

export const locale = computed<Locale>(() => i18n.global.locale.value as Locale)
export const elementLocale = computed(() => (locale.value === 'en' ? en : zhCn))

export function setLocale(chosen: Locale): void {
  i18n.global.locale.value = chosen
  localStorage.setItem(KEPT, chosen)
  document.documentElement.lang = chosen
}

/** A label that the server gave in both languages, in the one that is shown. */
export function label(given: Label | undefined | null): string {
  return given ? (locale.value === 'en' ? given.en : given.zh) : ''
}

export const t = i18n.global.t
