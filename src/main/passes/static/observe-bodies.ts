/** What calibration sees of values within If, Loop and Scan: their extremes, brought out as further outputs of the nodes around them. */
import { intsAttribute, makeGraph, makeInt, makeInts, makeTensor } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { opsetVersion } from '../constants'
import type { ReadonlyDocument } from '../pass'
import type { Extremes } from './observed-model'

/** Before, Scan took a batch and lengths. */
const SCAN_OPSET = 9

/** What stands for a value that was not computed: a branch not taken, a loop of no rounds. */
const REDUCTIONS = { ReduceMin: Infinity, ReduceMax: -Infinity, ReduceSum: 0 } as const
type Reduction = keyof typeof REDUCTIONS

/** A value of one body, and the scalar under which a graph knows one of its extremes. */
interface Seen {
  readonly body: Graph
  readonly name: string
  readonly reduction: Reduction
  readonly scalar: string
}

export interface ObservedBodies {
  /** The main graph with float32 scalars for its only outputs. */
  readonly model: Model
  readonly outputs: readonly string[]
  /** Extremes of each value that was computed in one inference; NaN where a value is. */
  extremes(scalarOf: (output: string) => number): { readonly body: Graph; readonly name: string; readonly extremes: Extremes }[]
}

/** Graphs within If, Loop and Scan of the main graph, at any depth, whose values can be brought out. */
export function observableBodies(document: ReadonlyDocument): Graph[] {
  return document.graphs().filter((graph) => graph !== document.model.graph && isObservable(document, graph))
}

function isObservable(document: ReadonlyDocument, graph: Graph): boolean {
  for (let at = graph; at !== document.model.graph; ) {
    const { parent } = document.index(at)
    const node = parent ? document.index(parent.graph).nodes.get(parent.nodeId) : undefined
    if (!parent || !node || !bringsOut(document, node)) return false
    at = parent.graph
  }
  return true
}

function bringsOut({ model }: ReadonlyDocument, node: Node): boolean {
  if (!sameDomain(node.domain, '')) return false
  return node.opType === 'If' || node.opType === 'Loop' || (node.opType === 'Scan' && opsetVersion(model) >= SCAN_OPSET)
}

/**
 * The model with the smallest and largest value of each of `values`, float32 as seen from their body, for outputs. A branch gives scalars, and
 * the other one what stands for none; loops give a scalar for each round, of which the extreme is taken again. A sum shows NaN, which ReduceMin and
 * ReduceMax pass over.
 */
export function observedBodies(edit: Edit, values: ReadonlyMap<Graph, readonly string[]>): ObservedBodies {
  const made = new Observer(edit, values)
  const { graph, seen } = made.withExtremes(edit.main)
  const outputs = seen.map(({ scalar }) => scalar)
  return {
    model: { ...edit.model, graph: { ...graph, outputs: outputs.map(scalarInfo) } },
    outputs,
    extremes(scalarOf) {
      return [...values].flatMap(([body, names]) =>
        names.flatMap((name) => {
          const read = (reduction: Reduction) => {
            const found = seen.find((one) => one.body === body && one.name === name && one.reduction === reduction)
            if (!found) throw new Error(`internal: '${name}' was not brought out`)
            return scalarOf(found.scalar)
          }
          const [min, max, sum] = [read('ReduceMin'), read('ReduceMax'), read('ReduceSum')]
          if (Number.isNaN(sum)) return [{ body, name, extremes: { min: NaN, max: NaN } }]
          return min > max ? [] : [{ body, name, extremes: { min, max } }]
        }),
      )
    },
  }
}

class Observer {
  #nodes = 0

  constructor(
    readonly edit: Edit,
    readonly values: ReadonlyMap<Graph, readonly string[]>,
  ) {}

  /** The graph with the scalars of its own values, and of those within it, computed by its nodes. */
  withExtremes(graph: Graph): { graph: Graph; seen: Seen[] } {
    const seen: Seen[] = []
    const nodes = graph.nodes.flatMap((node): Node[] => {
      if (!bringsOut(this.edit.document, node) || !subgraphsOf(node).some((body) => this.#isObserved(body))) return [node]
      const brought = node.opType === 'If' ? this.#branches(node) : this.#rounds(node)
      seen.push(...brought.seen)
      return brought.nodes
    })
    for (const name of this.values.get(graph) ?? []) {
      for (const reduction of Object.keys(REDUCTIONS) as Reduction[]) {
        const scalar = this.#fresh(`${name}.${reduction}`)
        nodes.push(this.#node({ opType: reduction, inputs: [name], outputs: [scalar], attributes: [makeInt('keepdims', 0)] }))
        seen.push({ body: graph, name, reduction, scalar })
      }
    }
    return { graph: { ...graph, nodes }, seen }
  }

  #isObserved(graph: Graph): boolean {
    return this.values.has(graph) || graph.nodes.some((node) => subgraphsOf(node).some((body) => this.#isObserved(body)))
  }

  #branches(node: Node): { nodes: Node[]; seen: Seen[] } {
    const branches = node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? [{ name: attribute.name, ...this.withExtremes(attribute.value) }] : []))
    const all = branches.flatMap(({ seen }) => seen)
    const attributes = branches.map(({ name, graph, seen }) => {
      const scalars = all.map((one) => (seen.includes(one) ? null : this.#constant(REDUCTIONS[one.reduction], [])))
      const outputs = all.map((one, at) => scalarInfo(scalars[at]?.outputs[0] ?? one.scalar))
      return makeGraph(name, { ...graph, nodes: [...graph.nodes, ...scalars.flatMap((made) => made ?? [])], outputs: [...graph.outputs, ...outputs] })
    })
    const seen = all.map((one) => ({ ...one, scalar: this.#fresh(one.scalar) }))
    return { nodes: [{ ...node, attributes, outputs: [...node.outputs, ...seen.map(({ scalar }) => scalar)] }], seen }
  }

  #rounds(node: Node): { nodes: Node[]; seen: Seen[] } {
    const held = node.attributes.find(({ name }) => name === 'body')
    if (held?.type !== 'graph') return { nodes: [node], seen: [] }
    const { graph, seen: inner } = this.withExtremes(held.value)
    const attributes = node.attributes.map((attribute) => {
      if (attribute === held) return makeGraph('body', { ...graph, outputs: [...graph.outputs, ...inner.map(({ scalar }) => scalarInfo(scalar))] })
      // One entry for each output of Scan that is stacked.
      if (attribute.name === 'scan_output_axes' || attribute.name === 'scan_output_directions') return makeInts(attribute.name, [...intsAttribute(node, attribute.name, []), ...inner.map(() => 0)])
      return attribute
    })
    // The body of Loop also gives whether to go on.
    const count = held.value.outputs.length - (node.opType === 'Loop' ? 1 : 0)
    const own = [...node.outputs, ...Array.from({ length: count - node.outputs.length }, () => '')]
    const stacks = inner.map(({ scalar }) => this.#fresh(`${scalar}.rounds`))
    const nodes: Node[] = [{ ...node, attributes, outputs: [...own, ...stacks] }]
    const seen = inner.map((one, at): Seen => {
      const none = this.#constant(REDUCTIONS[one.reduction], [1])
      const [all, scalar] = [this.#fresh(`${one.scalar}.all`), this.#fresh(one.scalar)]
      nodes.push(none, this.#node({ opType: 'Concat', inputs: [stacks[at] ?? '', ...none.outputs], outputs: [all], attributes: [makeInt('axis', 0)] }))
      nodes.push(this.#node({ opType: one.reduction, inputs: [all], outputs: [scalar], attributes: [makeInt('keepdims', 0)] }))
      return { ...one, scalar }
    })
    return { nodes, seen }
  }

  #constant(value: number, dims: readonly number[]): Node {
    const name = this.#fresh('none')
    return this.#node({ opType: 'Constant', inputs: [], outputs: [name], attributes: [makeTensor('value', rawTensor('', 'float32', dims, bytesOf(Float32Array.of(value))))] })
  }

  #fresh(base: string): string {
    return this.edit.freshName(this.edit.main, base)
  }

  #node(fields: Pick<Node, 'opType' | 'inputs' | 'outputs' | 'attributes'>): Node {
    return { id: -1 - this.#nodes++, name: '', domain: '', ...fields }
  }
}

function scalarInfo(name: string): ValueInfo {
  return { name, type: { kind: 'tensor', dataType: DATA_TYPES.float32.code, shape: [] } }
}
