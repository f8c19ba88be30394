import type { RecordRow } from '../../records/types'

export interface Unit extends RecordRow {
  code: string
  name: string
  name_en: string | null
  kind: string
  parent_id: string | null
  manager_id: string | null
  timezone: string
  currency: string
  active: boolean
}

export interface Branch {
  unit: Unit
  depth: number
  below: Branch[]
}

/** The units as a tree. A unit whose parent is out of sight stands at the top. */
export function branches(units: Unit[]): Branch[] {
  const made = new Map(units.map((unit) => [unit.id, { unit, depth: 0, below: [] } as Branch]))
  const tops: Branch[] = []
  for (const branch of made.values()) {
    const parent = branch.unit.parent_id ? made.get(branch.unit.parent_id) : undefined
    if (parent) parent.below.push(branch)
    else tops.push(branch)
  }
  const order = (list: Branch[], depth: number): void => {
    list.sort((a, b) => a.unit.code.localeCompare(b.unit.code))
    for (const branch of list) {
      branch.depth = depth
      order(branch.below, depth + 1)
    }
  }
  order(tops, 0)
  return tops
}

/** The lines that are drawn: what is folded away is left out. */
export function lines(tops: Branch[], open: (id: string) => boolean): Branch[] {
  return tops.flatMap((branch) => [branch, ...(open(branch.unit.id) ? lines(branch.below, open) : [])])
}

export function everyone(branch: Branch): Branch[] {
  return [branch, ...branch.below.flatMap(everyone)]
}

const INNER = new Set(['department', 'team'])

/** Whether a unit may hang below another: not below itself, and no company inside a department. The server decides. */
export function mayHang(moved: Branch, target: Branch): boolean {
  if (!target.unit.active || moved.unit.parent_id === target.unit.id) return false
  if (everyone(moved).includes(target)) return false
  return !INNER.has(target.unit.kind) || INNER.has(moved.unit.kind)
}
