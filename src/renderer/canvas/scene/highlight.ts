/** What is emphasised for a selection, a hovered list entry and the matches of a search: boxes and edges by number. */
import type { Scene } from './scene'
import type { Hovered, Selection } from '../../stores/selection-store'

export interface Highlight {
  readonly selected: ReadonlySet<number>
  /** Boxes one edge (or portal) away from the selection. */
  readonly neighbours: ReadonlySet<number>
  readonly hovered: ReadonlySet<number>
  /** Groups built like the selected one. */
  readonly alike: ReadonlySet<number>
  readonly selectedEdges: readonly number[]
  readonly hoveredEdges: readonly number[]
  /** Name of the selected tensor or value, for rows. */
  readonly selectedName: string | null
}

export const noHighlight: Highlight = {
  selected: new Set(),
  neighbours: new Set(),
  hovered: new Set(),
  alike: new Set(),
  selectedEdges: [],
  hoveredEdges: [],
  selectedName: null,
}

export function highlightOf(scene: Scene, selection: Selection, hovered: Hovered | null): Highlight {
  const selected = new Set(selectedBoxes(scene, selection))
  const neighbours = new Set<number>()
  const selectedEdges: number[] = []
  if (selection.kind === 'edge') {
    const edges = scene.edgesOfValue[scene.graph.valueIndex.get(selection.name) ?? -1] ?? []
    selectedEdges.push(...edges)
    for (const box of endsOf(scene, edges)) neighbours.add(box)
  } else if (selected.size === 1) {
    for (const box of selected) {
      const edges = throughFrames(scene, [...(scene.edgesOf[box]?.entering ?? []), ...(scene.edgesOf[box]?.leaving ?? [])], box)
      selectedEdges.push(...edges)
      for (const end of endsOf(scene, edges)) if (end !== box && !isFrame(scene, end)) neighbours.add(end)
    }
  }
  const hoveredValue = hovered?.kind === 'value' ? hovered.name : null
  return {
    selected,
    neighbours,
    hovered: new Set(hovered?.kind === 'nodes' ? boxesOfNodes(scene, hovered.nodeIds) : hoveredValue === null ? [] : boxesOfValue(scene, hoveredValue)),
    alike: alikeBoxes(scene, selected),
    selectedEdges,
    hoveredEdges: hoveredValue === null ? [] : (scene.edgesOfValue[scene.graph.valueIndex.get(hoveredValue) ?? -1] ?? []),
    selectedName: 'name' in selection ? selection.name : null,
  }
}

/** Edges with those that carry their values on, beyond the frames they end at. */
function throughFrames(scene: Scene, edges: readonly number[], from: number): number[] {
  const all = new Set(edges)
  const follow = (edge: number, end: number) => {
    if (end === from || !isFrame(scene, end)) return
    const value = scene.graph.edges[edge]?.value ?? -1
    for (const next of scene.edgesOfValue[value] ?? []) {
      const ends = scene.graph.edges[next]
      if (ends === undefined || all.has(next)) continue
      // What comes in at a frame goes on inside it, and the other way round.
      const onward = ends.source === end ? ends.target : ends.target === end ? ends.source : null
      if (onward === null) continue
      all.add(next)
      follow(next, onward)
    }
  }
  for (const edge of edges) {
    const ends = scene.graph.edges[edge]
    if (ends !== undefined) follow(edge, ends.source === from ? ends.target : ends.source)
  }
  return [...all]
}

function isFrame({ graph }: Scene, index: number): boolean {
  const box = graph.boxes[index]
  return box?.kind === 'group' && box.expanded
}

/** Boxes of other groups that are built like the selected one. */
function alikeBoxes({ graph }: Scene, selected: ReadonlySet<number>): Set<number> {
  const [only] = selected
  const box = graph.boxes[only ?? -1]
  if (selected.size !== 1 || box?.kind !== 'group') return new Set()
  const { alike, id } = box.group
  const found = new Set<number>()
  graph.boxes.forEach((other, index) => {
    // Groups that are alike share one list.
    if (other.kind === 'group' && other.group.alike === alike && other.group.id !== id) found.add(index)
  })
  return found
}

/** Boxes a selection stands for: those to zoom to. */
export function selectedBoxes(scene: Scene, selection: Selection): number[] {
  const one = (box: number | undefined) => (box === undefined ? [] : [box])
  switch (selection.kind) {
    case 'model':
    case 'edge':
      return []
    case 'node':
      return boxesOfNodes(scene, [selection.nodeId])
    case 'nodes':
      return groupSelected(scene, selection.nodeIds) ?? [...new Set(boxesOfNodes(scene, selection.nodeIds))]
    case 'tensor':
      return [...(scene.graph.readersOfTensor.get(selection.name) ?? [])]
    case 'input':
      return one(scene.graph.boxOfInput.get(selection.name))
    case 'output':
      return one(scene.graph.boxOfOutput.get(selection.name))
  }
}

/** A group is selected by its own list of nodes: the same list, not an equal one. */
function groupSelected(scene: Scene, nodeIds: readonly number[]): number[] | null {
  const found = scene.graph.boxes.findIndex((box) => box.kind === 'group' && box.group.nodeIds === nodeIds)
  return found < 0 ? null : [found]
}

/** Boxes to bring into view for a selection: for a value, its source and readers. */
export function boxesToShow(scene: Scene, selection: Selection): number[] {
  return selection.kind === 'edge' ? boxesOfValue(scene, selection.name) : selectedBoxes(scene, selection)
}

export function boxesOfNodes(scene: Scene, nodeIds: readonly number[]): number[] {
  return nodeIds.flatMap((id) => scene.graph.boxOfNode.get(id) ?? [])
}

function boxesOfValue(scene: Scene, name: string): number[] {
  const edges = scene.edgesOfValue[scene.graph.valueIndex.get(name) ?? -1]
  if (edges !== undefined) return endsOf(scene, edges)
  return [...(scene.graph.readersOfTensor.get(name) ?? [])]
}

function endsOf(scene: Scene, edges: readonly number[]): number[] {
  const ends = edges.flatMap((edge) => {
    const ends = scene.graph.edges[edge]
    return ends === undefined ? [] : [ends.source, ends.target]
  })
  return [...new Set(ends)]
}

/** The selection that clicking a box makes. */
export function selectionOfBox(scene: Scene, index: number): Selection {
  const box = scene.graph.boxes[index]
  if (box === undefined) return { kind: 'model' }
  if (box.kind === 'op') return { kind: 'node', nodeId: box.node.id }
  return box.kind === 'group' ? { kind: 'nodes', nodeIds: box.group.nodeIds } : { kind: box.kind, name: box.value.name }
}
