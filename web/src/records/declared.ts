import type { Screen } from './screen'

/** The screens, for those who are imported by what the screens import. `registry` fills it. */
const declared = new Map<string, Screen>()

export function declare(screens: Screen[]): void {
  for (const screen of screens) declared.set(screen.collection, screen)
}

export function screenOf(collection: string): Screen | undefined {
  return declared.get(collection)
}
