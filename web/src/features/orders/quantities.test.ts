import { expect, test } from 'vitest'
import { toDeliver, undelivered, withCustomer, written } from './quantities'

const line = (quantity: string, delivered: string, returned = '0', cancelled?: string) => ({ quantity, delivered_quantity: delivered, returned_quantity: returned, cancelled_quantity: cancelled })

test('what came back is not delivered again, and what was cancelled is not either', () => {
  expect(written(toDeliver(line('10', '6', '2')))).toBe('4')
  expect(written(toDeliver(line('10', '6', '2', '3.5')))).toBe('0.5')
  expect(written(withCustomer(line('10', '6', '2', '4')))).toBe('4')
})

test('an order has something undelivered as long as a line has', () => {
  const open = line('1.5', '1')
  expect(undelivered([line('10', '10'), line('2', '1', '0', '1'), open])).toEqual([open])
})
