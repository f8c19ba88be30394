import type { Page, Screen } from './screen'

const screens = import.meta.glob<{ default: Screen | Screen[] }>('../features/*/screen.ts', { eager: true })
const pages = import.meta.glob<{ default: Page | Page[] }>('../features/*/page.ts', { eager: true })

/** Every declared screen and page: a new folder under `features/` is in the navigation and has its addresses. */
export const SCREENS: Screen[] = Object.values(screens).flatMap((module) => module.default)
export const PAGES: Page[] = Object.values(pages).flatMap((module) => module.default)

/** What a screen shows for a field instead of its bare value. */
export function displayOf(collection: string, record: Record<string, unknown>, field: string): string | undefined {
  return screenOf(collection)?.display?.[field]?.(record[field], record)
}

export function screenOf(collection: string): Screen | undefined {
  return SCREENS.find((screen) => screen.collection === collection)
}
