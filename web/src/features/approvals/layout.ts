import type { Graph, Node } from './kinds'

export const BOX = 188
const GAP_X = 20
const GAP_Y = 30
const HEAD = 46
const LINE = 18
const EDGE = 4

export interface Box { node: Node; x: number; y: number; height: number }
export interface Drawing { boxes: Box[]; lines: string[]; width: number; height: number }

const heightOf = (node: Node): number => HEAD + LINE * node.people.length

/** Where each node stands: a row below the other, nodes of one row side by side and in the middle. */
export function drawn(graph: Graph): Drawing {
  const rows: Node[][] = []
  for (const node of graph.nodes) (rows[node.row] ??= []).push(node)
  const widest = Math.max(...rows.map((row) => row.length), 1)
  const width = widest * BOX + (widest - 1) * GAP_X + 2 * EDGE
  const boxes: Box[] = []
  let y = EDGE
  for (const row of rows) {
    const used = row.length * BOX + (row.length - 1) * GAP_X
    row.forEach((node, at) => boxes.push({ node, x: (width - used) / 2 + at * (BOX + GAP_X), y, height: heightOf(node) }))
    y += Math.max(...row.map(heightOf)) + GAP_Y
  }
  const at = new Map(boxes.map((box) => [box.node.id, box]))
  const lines = graph.edges.flatMap(({ from, to }) => {
    const [above, below] = [at.get(from), at.get(to)]
    if (!above || !below) return []
    const [x1, y1, x2] = [above.x + BOX / 2, above.y + above.height, below.x + BOX / 2]
    return [`M${x1} ${y1}V${below.y - GAP_Y / 2}H${x2}V${below.y}`]
  })
  return { boxes, lines, width, height: y - GAP_Y + EDGE }
}

/** A text cut to about the given width; a Chinese character is as wide as two others. */
export function cut(text: string, widest = 24): string {
  let used = 0
  for (let at = 0; at < text.length; at++) {
    used += text.charCodeAt(at) > 0x2e80 ? 2 : 1
    if (used > widest) return `${text.slice(0, at)}…`
  }
  return text
}
