import { expect, test } from 'vitest'
import type { Graph, Node } from './kinds'
import { BOX, cut, drawn } from './layout'

const node = (id: string, row: number, people = 0): Node => ({
  id, kind: 'step', row, state: 'waiting', name: { zh: id, en: id }, state_name: { zh: '', en: '' },
  people: Array.from({ length: people }, (_, at) => ({ user_id: `${id}${at}`, name: null, state: 'waiting', at: null })),
})

test('steps of one row stand side by side, and no box covers another', () => {
  const graph: Graph = { nodes: [node('a', 0), node('b', 1, 3), node('c', 1), node('d', 2)], edges: [{ from: 'a', to: 'b' }, { from: 'a', to: 'c' }, { from: 'b', to: 'd' }] }
  const { boxes, lines, width, height } = drawn(graph)
  const [a, b, c, d] = boxes
  expect(b!.y).toBe(c!.y)
  expect(c!.x).toBeGreaterThanOrEqual(b!.x + BOX)
  expect(a!.x + BOX / 2).toBe(width / 2)
  expect(d!.y).toBeGreaterThan(b!.y + b!.height)
  expect(height).toBeGreaterThanOrEqual(d!.y + d!.height)
  expect(lines).toHaveLength(3)
})

test('long names are cut by their width', () => {
  expect(cut('Manager approval', 20)).toBe('Manager approval')
  expect(cut('直属主管与财务共同审批', 12)).toBe('直属主管与财…')
})
