import { declare, screenOf } from './declared'
import { titleOf } from './references'
import type { OwnTab, Page, RelatedTab, Screen, Shown } from './screen'

const screens = import.meta.glob<{ default: Screen | Screen[] }>('../features/*/screen.ts', { eager: true })
const pages = import.meta.glob<{ default: Page | Page[] }>('../features/*/page.ts', { eager: true })

/** Every declared screen and page: a new folder under `features/` is in the navigation and has its addresses. */
export const SCREENS: Screen[] = Object.values(screens).flatMap((module) => module.default)
export const PAGES: Page[] = Object.values(pages).flatMap((module) => module.default)
declare(SCREENS)

export { screenOf }

/** Whether the list of a collection offers to make a new record. */
export function offersCreate(collection: string, can: string[]): boolean {
  return can.includes('create') && !screenOf(collection)?.without?.includes('create')
}

/** The tabs of a record that hold something for the reader; one whose collection has no screen is left out. */
export function tabsFor(collection: string, may: (permission: string) => boolean): (RelatedTab | OwnTab)[] {
  return (screenOf(collection)?.tabs ?? []).filter((tab) => {
    if (!('collection' in tab)) return !tab.permission || may(tab.permission)
    const screen = screenOf(tab.collection)
    return screen !== undefined && may(`${screen.resource}:read`)
  })
}

/** What a screen shows for a field instead of its bare value. */
export function displayOf(collection: string, record: Record<string, unknown>, field: string): Shown | undefined {
  return screenOf(collection)?.display?.[field]?.(record[field], record)
}

/** What a record of a collection is called. */
export function titled(collection: string, record: Record<string, unknown>): string {
  const screen = screenOf(collection)
  const own = screen?.titleField && !screen.naming ? record[screen.titleField] : undefined
  const shown = own && screen?.titleField ? displayOf(collection, record, screen.titleField) : undefined
  if (shown) return typeof shown === 'string' ? shown : shown.text
  return own ? String(own) : titleOf(record, screen?.resource)
}
