/** Searches a whole graph, also what its folded groups hide. */
import { boxName, type CanvasBox, type CanvasGraph } from './canvas-graph'
import { parseFindQuery, type Findable, type FindTest } from './find-query'
import type { Scene } from './scene'
import type { Selection } from '../../stores/selection-store'

export interface Match {
  readonly selection: Selection
  /** Its name, or its operator where it has none. */
  readonly label: string
  /** Its operator or type; empty where that is the label. */
  readonly detail: string
  /** The shown box to bring into view. */
  readonly box: number
  /** Nodes whose groups must be unfolded to see it. */
  readonly nodeIds: readonly number[]
}

export interface FindResult {
  readonly matches: readonly Match[]
  /** The part of the query that cannot be read. */
  readonly wrong: string | null
}

const nothing: FindResult = { matches: [], wrong: null }

/** Matches in the order of the boxes; a box is found once, values and tensors after the boxes. Empty for an empty query. */
export function findMatches(scene: Scene, text: string): FindResult {
  const query = parseFindQuery(text)
  if (query === null) return nothing
  if (!query.ok) return { matches: [], wrong: query.wrong }
  const { graph } = scene.levelled
  return { matches: [...matchingBoxes(scene, graph, query.test), ...matchingValues(scene, graph, query.test), ...matchingTensors(scene, graph, query.test)], wrong: null }
}

function matchingBoxes(scene: Scene, graph: CanvasGraph, test: FindTest): Match[] {
  return graph.boxes.flatMap((box, index): Match[] => {
    if (box.kind === 'group' || !test(findableBox(graph, box))) return []
    const at = scene.shownBox[index] ?? -1
    if (box.kind === 'op') {
      const { id, name, opType } = box.node
      return [{ selection: { kind: 'node', nodeId: id }, label: name === '' ? opType : name, detail: name === '' ? '' : opType, box: at, nodeIds: [id] }]
    }
    return [{ selection: { kind: box.kind, name: box.value.name }, label: box.value.name, detail: '', box: at, nodeIds: [] }]
  })
}

function findableBox(graph: CanvasGraph, box: CanvasBox): Findable {
  if (box.kind !== 'op') return { any: [boxName(box)], texts: { name: [boxName(box)] }, numbers: {} }
  const { node } = box
  const types = node.outputs.flatMap((name) => graph.values[graph.valueIndex.get(name) ?? -1] ?? [])
  return {
    any: [node.name, node.opType],
    texts: {
      op: [node.opType, `${node.domain}.${node.opType}`],
      name: [node.name],
      value: [...node.inputs, ...node.outputs],
      dtype: types.map(({ dtype }) => dtype),
      shape: types.map(({ shape }) => shape),
      attr: node.attributes.flatMap(({ name, text }) => [`${name}=${text}`]),
    },
    numbers: { params: node.parameterCount, bytes: node.parameterBytes, macs: node.macs },
  }
}

function matchingValues(scene: Scene, graph: CanvasGraph, test: FindTest): Match[] {
  const sources = new Map<number, number>()
  for (const { source, value } of graph.edges) sources.set(value, source)
  return [...sources].flatMap(([value, source]): Match[] => {
    const found = graph.values[value]
    const maker = graph.boxes[source]
    // A graph input's value is the input itself, which is found above.
    if (found === undefined || maker?.kind !== 'op') return []
    const { name, dtype, shape } = found
    if (!test({ any: [name], texts: { value: [name], name: [name], dtype: [dtype], shape: [shape] }, numbers: {} })) return []
    return [{ selection: { kind: 'edge', name }, label: name, detail: `${dtype} ${shape}`, box: scene.shownBox[source] ?? -1, nodeIds: [maker.node.id] }]
  })
}

function matchingTensors(scene: Scene, graph: CanvasGraph, test: FindTest): Match[] {
  return [...graph.readersOfTensor].flatMap(([name, [reader]]): Match[] => {
    const box = graph.boxes[reader ?? -1]
    if (reader === undefined || box?.kind !== 'op') return []
    const { dtype, shape } = graph.tensorTypes.get(name) ?? { dtype: '', shape: '' }
    if (!test({ any: [name], texts: { value: [name], name: [name], dtype: [dtype], shape: [shape] }, numbers: {} })) return []
    return [{ selection: { kind: 'tensor', name }, label: name, detail: `${dtype} ${shape}`, box: scene.shownBox[reader] ?? -1, nodeIds: [box.node.id] }]
  })
}
