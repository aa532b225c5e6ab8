/** Cuts a graph along its groups: each group's inside is a small graph of its own, and is arranged on its own. */
import type { LayoutDirection, LayoutRequest } from '../layout/layout-graph'
import { boxHeight, boxWidth, GROUP_HEIGHT, groupWidth, layoutRequest, ROW_HEIGHT, valueLabelWidth } from './box-size'
import type { CanvasGraph } from './canvas-graph'
import type { GroupTree } from './group-tree'

export type LevelItem =
  | { readonly kind: 'box'; readonly box: number }
  | { readonly kind: 'group'; readonly group: number }
  /** Where a value comes in through the frame, or goes out. */
  | { readonly kind: 'entrance' | 'exit'; readonly value: number }

export interface LevelEdge {
  /** Indices into `items`. */
  readonly source: number
  readonly target: number
  /** Index into the whole graph's values. */
  readonly value: number
  readonly captured: boolean
}

export interface Level {
  readonly items: readonly LevelItem[]
  readonly edges: readonly LevelEdge[]
}

/** A graph and its groups; `levels[0]` is what is outside all groups, `levels[g + 1]` the inside of group `g`. */
export interface LevelledGraph {
  readonly graph: CanvasGraph
  readonly tree: GroupTree
  readonly levels: readonly Level[]
}

interface DraftLevel {
  items: LevelItem[]
  edges: LevelEdge[]
  /** Item by what it is, and edges there already. */
  places: Map<string, number>
  known: Set<string>
}

export function splitIntoLevels(graph: CanvasGraph, tree: GroupTree): LevelledGraph {
  const levels = Array.from({ length: tree.groups.length + 1 }, (): DraftLevel => ({ items: [], edges: [], places: new Map(), known: new Set() }))
  const level = (group: number): DraftLevel => {
    const found = levels[group + 1]
    if (found === undefined) throw new Error(`internal: no level for group ${group}`)
    return found
  }
  graph.boxes.forEach((_, box) => itemIn(level(tree.groupOfBox[box]!), { kind: 'box', box }))
  tree.groups.forEach(({ parent }, group) => itemIn(level(parent), { kind: 'group', group }))
  const chain = (box: number): number[] => {
    const groups: number[] = []
    for (let group = tree.groupOfBox[box]!; group >= 0; group = tree.groups[group]!.parent) groups.push(group)
    return groups.reverse()
  }
  for (const { source, target, value, captured } of graph.edges) {
    const [from, to] = [chain(source), chain(target)]
    let common = 0
    while (common < from.length && common < to.length && from[common] === to[common]) common++
    const end = (groups: readonly number[], depth: number, box: number): LevelItem =>
      depth < groups.length ? { kind: 'group', group: groups[depth]! } : { kind: 'box', box }
    const around = common === 0 ? -1 : from[common - 1]!
    connect(level(around), end(from, common, source), end(to, common, target), { value, captured })
    for (let depth = common; depth < from.length; depth++) connect(level(from[depth]!), end(from, depth + 1, source), { kind: 'exit', value }, { value, captured })
    for (let depth = common; depth < to.length; depth++) connect(level(to[depth]!), { kind: 'entrance', value }, end(to, depth + 1, target), { value, captured })
  }
  return { graph, tree, levels: levels.map(({ items, edges }) => ({ items, edges })) }
}

/** The graph as one level, for showing it without groups. */
export function withoutGroups(graph: CanvasGraph): LevelledGraph {
  const items = graph.boxes.map((_, box): LevelItem => ({ kind: 'box', box }))
  return { graph, tree: { groups: [], groupOfBox: new Int32Array(graph.boxes.length).fill(-1) }, levels: [{ items, edges: graph.edges }] }
}

/** Of larger graphs the levels are many. */
const FINE_UP_TO = 1000

/** One request for each level, groups at their folded size. */
export function levelRequests({ graph, tree, levels }: LevelledGraph, direction: LayoutDirection): LayoutRequest[] {
  const quick = graph.boxes.length > FINE_UP_TO
  if (tree.groups.length === 0) return [layoutRequest(graph, direction)]
  return levels.map(({ items, edges }): LayoutRequest => {
    const values = new Map<number, number>()
    for (const { value } of edges) if (!values.has(value)) values.set(value, values.size)
    const size = (item: LevelItem): [width: number, height: number] => {
      if (item.kind === 'box') {
        const box = graph.boxes[item.box]
        return box === undefined ? [0, 0] : [boxWidth(box), boxHeight(box)]
      }
      if (item.kind === 'group') {
        const group = tree.groups[item.group]
        return group === undefined ? [0, 0] : [groupWidth(group), GROUP_HEIGHT]
      }
      return direction === 'down' ? [8, 0] : [0, 8]
    }
    const sizes = items.map(size)
    return {
      direction,
      widths: Float32Array.from(sizes, ([width]) => width),
      heights: Float32Array.from(sizes, ([, height]) => height),
      edgeSource: Uint32Array.from(edges, ({ source }) => source),
      edgeTarget: Uint32Array.from(edges, ({ target }) => target),
      edgeValue: Uint32Array.from(edges, ({ value }) => values.get(value) ?? 0),
      labelWidths: Float32Array.from(values.keys(), (value) => valueLabelWidth(graph.values[value])),
      portalRowHeight: ROW_HEIGHT,
      quick,
      pins: Uint8Array.from(items, ({ kind }) => (kind === 'entrance' ? 1 : kind === 'exit' ? 2 : 0)),
    }
  })
}

function itemIn(level: DraftLevel, item: LevelItem): number {
  const key = `${item.kind}${item.kind === 'box' ? item.box : item.kind === 'group' ? item.group : item.value}`
  const known = level.places.get(key)
  if (known !== undefined) return known
  level.places.set(key, level.items.length)
  level.items.push(item)
  return level.items.length - 1
}

function connect(level: DraftLevel, from: LevelItem, to: LevelItem, { value, captured }: { value: number; captured: boolean }): void {
  const source = itemIn(level, from)
  const target = itemIn(level, to)
  const key = `${source},${target},${value}`
  // Several edges between the same two groups are one.
  if ((from.kind !== 'box' || to.kind !== 'box') && level.known.has(key)) return
  level.known.add(key)
  level.edges.push({ source, target, value, captured })
}
