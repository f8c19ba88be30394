import type { Operator } from './catalog'

export interface Condition { field: string; operator: Operator; value: unknown }
export interface Approver { kind: 'user' | 'role' | 'unit_manager' | 'manager_levels'; value?: string | null; levels?: number | null }
export interface Step {
  key: string
  name: string
  name_en: string | null
  mode: 'serial' | 'parallel'
  rule: 'all' | 'any'
  approvers: Approver[]
  conditions: Condition[]
  due_days: number
}

/** Positions of the steps that run together, in order: a parallel step joins the one before it. */
export function stagesOf(steps: Step[]): number[][] {
  const found: number[][] = []
  steps.forEach((step, at) => {
    const last = found.at(-1)
    if (step.mode === 'parallel' && last) last.push(at)
    else found.push([at])
  })
  return found
}

/** A key that no step has: people never see it, decisions are kept under it. */
export function freeKey(steps: Step[]): string {
  for (let number = steps.length + 1; ; number++) if (!steps.some((step) => step.key === `step-${number}`)) return `step-${number}`
}

/** The first step of each stage runs in series, whatever was moved or removed. */
function flat(stages: Step[][]): Step[] {
  return stages.flatMap((stage) => stage.map((step, at) => ({ ...step, mode: at ? ('parallel' as const) : ('serial' as const) })))
}
const grouped = (steps: Step[]): Step[][] => stagesOf(steps).map((stage) => stage.map((at) => steps[at] as Step))

/** A stage of its own at a place in the order. */
export function inserted(steps: Step[], stage: number, step: Step): Step[] {
  const stages = grouped(steps)
  stages.splice(stage, 0, [step])
  return flat(stages)
}

export function joined(steps: Step[], stage: number, step: Step): Step[] {
  const stages = grouped(steps)
  stages[stage]?.push(step)
  return flat(stages)
}

export function removed(steps: Step[], key: string): Step[] {
  return flat(grouped(steps).map((stage) => stage.filter((step) => step.key !== key)).filter((stage) => stage.length))
}

/** The stage of a step one place up (−1) or down (+1); a step that runs beside others leaves them first. */
export function moved(steps: Step[], key: string, by: -1 | 1): Step[] {
  const stages = grouped(steps)
  const at = stages.findIndex((stage) => stage.some((step) => step.key === key))
  const stage = stages[at]
  const step = stage?.find((one) => one.key === key)
  if (!stage || !step) return steps
  if (stage.length > 1) {
    stages[at] = stage.filter((one) => one !== step)
    stages.splice(by < 0 ? at : at + 1, 0, [step])
  } else {
    const to = at + by
    if (to < 0 || to >= stages.length) return steps
    stages.splice(at, 1)
    stages.splice(to, 0, stage)
  }
  return flat(stages)
}

const asNumber = (value: unknown): number | null => (typeof value === 'boolean' || value === '' || value === null || !Number.isFinite(Number(value)) ? null : Number(value))

function same(left: unknown, right: unknown): boolean {
  const [one, other] = [asNumber(left), asNumber(right)]
  return one !== null && other !== null ? one === other : String(left) === String(right)
}

/** Whether a condition holds, as the service decides it: a field that is missing fulfils none. */
export function holds(condition: Condition, values: Record<string, unknown>): boolean {
  const found = values[condition.field]
  if (found === null || found === undefined || found === '') return false
  const list = Array.isArray(condition.value) ? condition.value : [condition.value]
  const [one, other] = [asNumber(found), asNumber(condition.value)]
  const order = one !== null && other !== null ? one - other : String(found).localeCompare(String(condition.value))
  switch (condition.operator) {
    case 'eq': return same(found, condition.value)
    case 'ne': return !same(found, condition.value)
    case 'in': return list.some((value) => same(found, value))
    case 'not_in': return !list.some((value) => same(found, value))
    case 'contains': return String(found).includes(String(condition.value))
    case 'gt': return order > 0
    case 'gte': return order >= 0
    case 'lt': return order < 0
    case 'lte': return order <= 0
  }
}
