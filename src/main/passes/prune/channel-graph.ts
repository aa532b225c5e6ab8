/** Groups of channels that can be cut from a model, each with what goes with them; and those that cannot, with the reason. */
import type { ModelDocument } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import { nodeMacs, singleBatch } from '#shared/onnx/infer/macs'
import type { Node } from '#shared/onnx/records'
import { readNames, topologicalOrder } from '#shared/onnx/topological-order'
import { tensorSizeBytes } from '#shared/onnx/tensor-data'
import { elementsOf } from '../constants'
import type { ChannelMap, Lock } from './channel-space'
import { ruleFor } from './rules'
import { label, type LayerAxes, Trace } from './trace'

export const CUTS = ['channels', 'heads', 'hidden-units'] as const
export type Cut = (typeof CUTS)[number]

/** Channels that have the same weights behind them: any number of them can go, each by itself. */
export interface ChannelGroup {
  /** Stable for one model: the place in the order of the graph. */
  readonly index: number
  /** What can go, by its representative; one may be several channels (a head, a group of a grouped Conv). */
  readonly units: readonly number[]
  /** Channels of the widest weight axis that one unit is. */
  readonly unitWidth: number
  readonly lock: Lock | null
  /** Layers that make these channels, and those that read them. */
  readonly producers: readonly LayerAxes[]
  readonly consumers: readonly LayerAxes[]
}

export interface ChannelGraph {
  readonly trace: Trace
  readonly groups: readonly ChannelGroup[]
  /** Group of each unit. */
  readonly groupOf: ReadonlyMap<number, ChannelGroup>
  readonly types: TypeTable
}

export interface ChannelGraphOptions {
  /** Nodes whose channels stay, by id. */
  readonly protectedNodes?: ReadonlySet<number>
  /** Groups of another kind stay. */
  readonly cut?: readonly Cut[]
}

/** Follows channels through the main graph in one walk. Never throws on account of the model: what is not understood is locked. */
export function followChannels(document: ModelDocument, { protectedNodes = new Set(), cut = CUTS }: ChannelGraphOptions = {}): ChannelGraph {
  const { graph } = document.model
  const types = inferTypes(document, { dims: singleBatch(document) })
  const declared = inferTypes(document)
  const trace = new Trace(document, graph, declared)
  for (const { name } of graph.inputs) {
    if (document.initializer(graph, name) && trace.isConstant(name)) continue
    trace.giveUp(name, { code: 'model-input', reason: `'${name}' is an input of the model`, nodeId: null })
  }
  for (const node of topologicalOrder(document, graph)) {
    const inner = readNames(node).filter((name) => !node.inputs.includes(name))
    for (const name of inner) trace.seal(name, { code: 'subgraph', reason: `a graph within ${label(node)} reads it`, nodeId: node.id })
    const rule = ruleFor(node.domain, node.opType)
    if (rule) rule(trace, node)
    else if (node.opType !== 'ConstantOfShape') trace.refuse(node, { code: 'operator', reason: `${label(node)} is not followed` })
  }
  for (const { name } of graph.outputs) trace.seal(name, { code: 'model-output', reason: `'${name}' is an output of the model`, nodeId: null })
  for (const { node, output } of trace.layers) {
    if (protectedNodes.has(node.id)) trace.space.lock(output, { code: 'protected', reason: `${label(node)} is protected`, nodeId: node.id })
  }
  return { trace, types, ...groupUnits(trace, cut) }
}

function groupUnits(trace: Trace, cut: readonly Cut[]): Pick<ChannelGraph, 'groups' | 'groupOf'> {
  const sites = new Map<number, string[]>()
  for (const [name, axes] of trace.axes) {
    if (!trace.isConstant(name)) continue
    axes.forEach((map, axis) => {
      for (const channel of map ?? []) push(sites, trace.space.root(channel), `${axis}:${name}`)
    })
  }
  const bySignature = new Map<string, number[]>()
  for (const [root, names] of sites) push(bySignature, `${names.join('\n')}\n${trace.space.lockOf(root)?.reason ?? ''}`, root)
  const groups: ChannelGroup[] = []
  const groupOf = new Map<number, ChannelGroup>()
  const layersOf = layersByUnit(trace)
  for (const units of bySignature.values()) {
    const [first] = units
    if (first === undefined) continue
    const { producers, consumers } = layersOf.get(first) ?? { producers: [], consumers: [] }
    if (producers.length === 0) continue
    const widths = producers.map(({ output }) => output?.reduce((count, channel) => count + (trace.space.root(channel) === first ? 1 : 0), 0) ?? 1)
    const unitWidth = Math.max(1, ...widths)
    const lock = trace.space.lockOf(first) ?? (cut.includes(cutOf(producers, unitWidth)) ? null : NOT_ASKED)
    const group: ChannelGroup = { index: groups.length, units, unitWidth, lock, producers, consumers }
    groups.push(group)
    for (const unit of units) groupOf.set(unit, group)
  }
  return { groups, groupOf }
}

const NOT_ASKED: Lock = { code: 'not-asked', reason: 'it is not of the kind that was asked for', nodeId: null }

/** In products of matrices only attention ties several columns to one unit: its heads. */
function cutOf(producers: readonly LayerAxes[], unitWidth: number): Cut {
  if (producers.some(({ node }) => node.opType.startsWith('Conv'))) return 'channels'
  return unitWidth > 1 ? 'heads' : 'hidden-units'
}

interface Sides {
  readonly producers: LayerAxes[]
  readonly consumers: LayerAxes[]
}

function layersByUnit({ layers, space }: Trace): Map<number, Sides> {
  const result = new Map<number, Sides>()
  const sidesOf = (root: number) => {
    const sides = result.get(root) ?? { producers: [], consumers: [] }
    result.set(root, sides)
    return sides
  }
  for (const layer of layers) {
    for (const root of new Set(Array.from(layer.output ?? [], (channel) => space.root(channel)))) sidesOf(root).producers.push(layer)
    for (const root of new Set(Array.from(layer.input ?? [], (channel) => space.root(channel)))) sidesOf(root).consumers.push(layer)
  }
  return result
}

function push<K, V>(into: Map<K, V[]>, key: K, value: V): void {
  const list = into.get(key)
  if (list) list.push(value)
  else into.set(key, [value])
}

/** What a model costs with only some of each group's units left. */
export interface CostModel {
  /** Multiply–accumulates of one inference; 0 where shapes are not known. */
  readonly macs: (left: Shares) => number
  readonly parameters: (left: Shares) => number
  /** Of the weights. */
  readonly sizeBytes: (left: Shares) => number
  /** Of one node. */
  readonly nodeMacs: (node: Node, left: Shares) => number
}

/** Share of each group's units that stays, by group index, 0…1. */
export type Shares = readonly number[]

interface Term {
  readonly node: Node | null
  readonly full: number
  /** Bytes of one element of a weight. */
  readonly width: number
  /** For each axis: how many of its indices each group has, and how many none has. */
  readonly axes: readonly { readonly length: number; readonly parts: readonly (readonly [group: number, count: number])[] }[]
}

export function costModel(document: ModelDocument, { trace, types, groupOf }: ChannelGraph): CostModel {
  const partsOf = (map: ChannelMap) => {
    const counts = new Map<number, number>()
    for (const channel of map) {
      const group = groupOf.get(trace.space.root(channel))
      if (group) counts.set(group.index, (counts.get(group.index) ?? 0) + 1)
    }
    return { length: map.length, parts: [...counts] }
  }
  const products: Term[] = trace.costs.map(({ node, maps }) => ({ node, full: nodeMacs(document, trace.graph, node, types) ?? 0, width: 0, axes: [...new Set(maps)].map(partsOf) }))
  const constants: Term[] = trace.graph.initializers.map((tensor) => ({ node: null, full: elementsOf(tensor.dims), width: elementsOf(tensor.dims) === 0 ? 0 : tensorSizeBytes(tensor) / elementsOf(tensor.dims), axes: (trace.known(tensor.name) ?? []).filter((map) => map !== null).map(partsOf) }))
  for (const [name, axes] of trace.axes) {
    const dims = trace.constantDims(name)
    if (dims && !document.initializer(trace.graph, name)) constants.push({ node: null, full: elementsOf(dims), width: 0, axes: axes.filter((map) => map !== null).map(partsOf) })
  }
  const byNode = new Map(products.map((term) => [term.node?.id, term]))
  const fixed = trace.graph.nodes.reduce((sum, node) => sum + (byNode.has(node.id) ? 0 : (nodeMacs(document, trace.graph, node, types) ?? 0)), 0)
  return {
    macs: (left) => fixed + products.reduce((sum, term) => sum + termCost(term, left), 0),
    parameters: (left) => constants.reduce((sum, term) => sum + termCost(term, left), 0),
    sizeBytes: (left) => constants.reduce((sum, term) => sum + term.width * termCost(term, left), 0),
    nodeMacs(node, left) {
      const term = byNode.get(node.id)
      return term ? termCost(term, left) : (nodeMacs(document, trace.graph, node, types) ?? 0)
    },
  }
}

function termCost({ full, axes }: Term, left: Shares): number {
  return axes.reduce((cost, { length, parts }) => cost * (1 - parts.reduce((gone, [group, count]) => gone + (count * (1 - (left[group] ?? 1))) / length, 0)), full)
}
