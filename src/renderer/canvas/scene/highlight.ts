/** What is emphasised for a selection, a hovered list entry and the matches of a search: boxes and edges by number. */
import type { Scene } from './scene'
import type { Hovered, Selection } from '../../stores/selection-store'

export interface Highlight {
  readonly selected: ReadonlySet<number>
  /** Boxes one edge (or portal) away from the selection. */
  readonly neighbours: ReadonlySet<number>
  readonly hovered: ReadonlySet<number>
  readonly selectedEdges: readonly number[]
  readonly hoveredEdges: readonly number[]
  /** Name of the selected tensor or value, for rows. */
  readonly selectedName: string | null
}

export const noHighlight: Highlight = {
  selected: new Set(),
  neighbours: new Set(),
  hovered: new Set(),
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
      const edges = [...(scene.edgesOf[box]?.entering ?? []), ...(scene.edgesOf[box]?.leaving ?? [])]
      selectedEdges.push(...edges)
      for (const end of endsOf(scene, edges)) if (end !== box) neighbours.add(end)
    }
  }
  const hoveredValue = hovered?.kind === 'value' ? hovered.name : null
  return {
    selected,
    neighbours,
    hovered: new Set(hovered?.kind === 'nodes' ? boxesOfNodes(scene, hovered.nodeIds) : hoveredValue === null ? [] : boxesOfValue(scene, hoveredValue)),
    selectedEdges,
    hoveredEdges: hoveredValue === null ? [] : (scene.edgesOfValue[scene.graph.valueIndex.get(hoveredValue) ?? -1] ?? []),
    selectedName: 'name' in selection ? selection.name : null,
  }
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
      return boxesOfNodes(scene, selection.nodeIds)
    case 'tensor':
      return [...(scene.graph.readersOfTensor.get(selection.name) ?? [])]
    case 'input':
      return one(scene.graph.boxOfInput.get(selection.name))
    case 'output':
      return one(scene.graph.boxOfOutput.get(selection.name))
  }
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
  return box.kind === 'op' ? { kind: 'node', nodeId: box.node.id } : { kind: box.kind, name: box.value.name }
}
