import { expect, test } from 'vitest'
import { freeKey, holds, inserted, joined, moved, removed, stagesOf, type Step } from './model'

const step = (key: string, mode: Step['mode'] = 'serial'): Step => ({ key, name: key, name_en: null, mode, rule: 'all', approvers: [], conditions: [], due_days: 3 })
const shape = (steps: Step[]): string => stagesOf(steps).map((stage) => stage.map((at) => steps[at]!.key).join('+')).join(' ')

test('parallel steps join the one before them', () => {
  expect(shape([step('a', 'parallel'), step('b', 'parallel'), step('c')])).toBe('a+b c')
})

test('steps are put in, beside, out and elsewhere', () => {
  const flow = [step('a'), step('b'), step('c', 'parallel')]
  expect(shape(inserted(flow, 1, step('n')))).toBe('a n b+c')
  expect(shape(joined(flow, 0, step('n')))).toBe('a+n b+c')
  expect(shape(removed(flow, 'b'))).toBe('a c')
  expect(removed(flow, 'b')[1]!.mode).toBe('serial')
  expect(shape(moved(flow, 'a', 1))).toBe('b+c a')
  expect(shape(moved(flow, 'c', 1))).toBe('a b c')
  expect(shape(moved(flow, 'c', -1))).toBe('a c b')
  expect(shape(moved(flow, 'a', -1))).toBe('a b+c')
})

test('keys are free', () => {
  expect(freeKey([step('step-2')])).toBe('step-3')
})

test('conditions compare numbers as numbers and miss what is not there', () => {
  expect(holds({ field: 'amount', operator: 'gte', value: 1000 }, { amount: '1000.00' })).toBe(true)
  expect(holds({ field: 'amount', operator: 'gt', value: '999' }, { amount: '1000.00' })).toBe(true)
  expect(holds({ field: 'amount', operator: 'lt', value: 1 }, {})).toBe(false)
  expect(holds({ field: 'over_policy', operator: 'eq', value: true }, { over_policy: true })).toBe(true)
  expect(holds({ field: 'method', operator: 'not_in', value: ['cash'] }, { method: 'other' })).toBe(true)
})
