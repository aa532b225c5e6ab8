/** Searches a graph by node name, operator, graph input or output, tensor and value name. */
import type { CanvasGraph } from './canvas-graph'
import type { Selection } from '../../stores/selection-store'

export interface Match {
  readonly selection: Selection
  /** Box to show, and the other boxes that light up with it. */
  readonly box: number
}

/** Matches in the order of the boxes; a box is found once, values and tensors after the boxes. Empty for an empty query. */
export function findMatches(graph: CanvasGraph, query: string): Match[] {
  const wanted = query.trim().toLowerCase()
  if (wanted === '') return []
  const has = (text: string) => text.toLowerCase().includes(wanted)
  const boxes = graph.boxes.flatMap((box, index): Match[] => {
    if (box.kind === 'op') return has(box.node.name) || has(box.node.opType) ? [{ selection: { kind: 'node', nodeId: box.node.id }, box: index }] : []
    return has(box.value.name) ? [{ selection: { kind: box.kind, name: box.value.name }, box: index }] : []
  })
  const values = graph.edges.flatMap(({ source, value }): { name: string; source: number }[] => {
    const name = graph.values[value]?.name
    // A graph input's value is the input itself, which is found above.
    return name !== undefined && graph.boxes[source]?.kind === 'op' && has(name) ? [{ name, source }] : []
  })
  const valueMatches = [...new Map(values.map(({ name, source }) => [name, source]))].map(
    ([name, source]): Match => ({ selection: { kind: 'edge', name }, box: source }),
  )
  const tensors = [...graph.readersOfTensor].flatMap(([name, [reader]]): Match[] =>
    reader !== undefined && has(name) ? [{ selection: { kind: 'tensor', name }, box: reader }] : [],
  )
  return [...boxes, ...valueMatches, ...tensors]
}
