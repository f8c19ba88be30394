import { expect, test } from 'vitest'
import { inUnits } from './duration'

test('minutes are told in the largest whole unit', () => {
  expect(inUnits(4320)).toEqual({ n: 3, unit: 'days' })
  expect(inUnits(90)).toEqual({ n: 90, unit: 'minutes' })
  expect(inUnits(120)).toEqual({ n: 2, unit: 'hours' })
  expect(inUnits(0)).toEqual({ n: 0, unit: 'minutes' })
})
