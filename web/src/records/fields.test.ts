import { beforeEach, expect, test } from 'vitest'
import { setLocale } from '../i18n'
import { filterValue } from './fields'
import type { Field } from './types'

const field = (type: Field['type']): Field => ({ name: 'f', label: { zh: '字段', en: 'Field' }, type, group: 'main', required: false, read_only: false, masked: false, multiline: false, longest: null, resource: null, options: null, filterable: true, sortable: true, custom: false })

beforeEach(() => setLocale('zh-CN'))

test('a chip shows a time as the rest of the page does, in the language of the page', () => {
  const value = new Date(2026, 10, 26, 14, 0).toISOString()
  expect(filterValue(field('datetime'), value)).toBe('2026/11/26 14:00')
  setLocale('en')
  expect(filterValue(field('datetime'), value)).toBe('11/26/2026, 14:00')
})

test('the offset that a report writes into an address is no part of the words', () => {
  const words = filterValue(field('datetime'), '2026-10-01T00:00:00+08:00')
  expect(words).toBe(filterValue(field('datetime'), '2026-09-30T16:00:00.000Z'))
  expect(words).not.toContain('T')
})

test('a date stays a date, and what is no time stays as it was written', () => {
  expect(filterValue(field('date'), '2026-11-26')).toBe('2026-11-26')
  expect(filterValue(field('datetime'), 'soon')).toBe('soon')
  expect(filterValue(field('text'), '2026-11-26T06:00:00.000Z')).toBe('2026-11-26T06:00:00.000Z')
})
