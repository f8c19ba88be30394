import { expect, test } from 'vitest'
import { tabsFor } from './registry'

const lists = (collection: string, ...permissions: string[]): string[] =>
  tabsFor(collection, (permission) => permissions.includes(permission)).map((tab) => ('collection' in tab ? `${tab.collection}?${tab.by}` : tab.name))

test('what hangs on a record is reached from it', () => {
  const everything = (collection: string): string[] => tabsFor(collection, () => true).map((tab) => ('collection' in tab ? `${tab.collection}?${tab.by}` : tab.name))
  expect(everything('customers')).toEqual(expect.arrayContaining(['claims', 'customers?parent_id']))
  expect(everything('opportunities')).toContain('claims')
  expect(everything('contacts')).toEqual(expect.arrayContaining(['activities?contact_id', 'requests?contact_id']))
  expect(everything('competitors')).toEqual(['opportunities?competitor_ids', 'opportunities?lost_to_id'])
})

test('a tab of what the reader may not read is not there', () => {
  expect(lists('contacts', 'interaction:read', 'request:read')).toEqual(['interactions?contact_id', 'requests?contact_id'])
  expect(lists('opportunities', 'order:read')).not.toContain('claims')
  expect(lists('opportunities', 'claim:read')).toEqual(['overview', 'claims'])
})
