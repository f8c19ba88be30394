import { computed, type Component } from 'vue'
import { t } from '../i18n'
import { PAGES, SCREENS } from '../records/registry'
import { AREAS, type Area } from '../records/screen'
import { useSession } from '../session/session'

export interface Entry {
  path: string
  title: string
  icon: Component
  order: number
  /** Set for a collection: what may be created there. */
  resource?: string
}

/** The navigation as far as this person's permissions reach, by job. */
export function useNavigation() {
  const session = useSession()
  return computed<{ area: Area; title: string; entries: Entry[] }[]>(() =>
    AREAS.map((area) => {
      const pages = PAGES.filter((page) => !page.hidden && page.area === area && (!page.permission || session.may(page.permission))).map((page): Entry => ({ path: page.path, title: t(page.title), icon: page.icon, order: page.order ?? 50 }))
      const screens = SCREENS.filter((screen) => screen.area === area && !screen.hidden && session.may(`${screen.resource}:read`)).map((screen): Entry => ({ path: `/${screen.collection}`, title: t(screen.title), icon: screen.icon, order: screen.order ?? 50, resource: screen.resource }))
      return { area, title: t(`shell.area_${area}`), entries: [...pages, ...screens].sort((a, b) => a.order - b.order) }
    }).filter((group) => group.entries.length > 0),
  )
}
