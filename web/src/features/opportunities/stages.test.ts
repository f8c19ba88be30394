import { expect, test } from 'vitest'
import { columnsOf, together, totals, type Counted } from './stages'

const stage = (key: string, name: string, count: number, ...amounts: [string, string][]): Counted => ({ stage: key, name, name_en: null, count, amounts: amounts.map(([amount, currency]) => ({ amount, currency })) })

test('a stage that two pipelines share is one column that counts and sums the deals of both, by currency', () => {
  const direct = [stage('proposal', '方案报价', 3, ['100.10', 'CNY']), stage('deal', '签约', 1)]
  const partners = [stage('proposal', '方案报价', 2, ['0.20', 'CNY'], ['5.00', 'USD'])]
  expect(columnsOf([...direct, ...partners])).toEqual([
    { value: 'proposal', label: '方案报价', count: 5, sums: [{ amount: '100.30', currency: 'CNY' }, { amount: '5.00', currency: 'USD' }] },
    { value: 'deal', label: '签约', count: 1, sums: [] },
  ])
})

test('a shared stage with two names is called by both', () => {
  expect(columnsOf([stage('lead', '线索', 1), stage('lead', '初步接触', 1)])[0]?.label).toBe('线索 / 初步接触')
})

test('sums are exact, and one for each currency', () => {
  expect(totals([{ amount: '0.10', currency: 'USD' }, { amount: '9007199254740993.01', currency: 'CNY' }, { amount: '0.20', currency: 'USD' }])).toEqual([
    { amount: '9007199254740993.01', currency: 'CNY' },
    { amount: '0.30', currency: 'USD' },
  ])
})

test('sums that are closed to the reader stay closed, and are not taken for nothing', () => {
  const open = [{ amount: '1.00', currency: 'CNY' }]
  expect([together([open, open]), together([open, null]), together([])]).toEqual([[{ amount: '2.00', currency: 'CNY' }], null, []])
  expect(columnsOf([{ ...stage('proposal', '方案报价', 3), amounts: null }])).toEqual([{ value: 'proposal', label: '方案报价', count: 3, sums: null }])
})
