/** What calibration sees of values within If, Loop and Scan: figures of fixed size, brought out as further outputs of the nodes around them. */
import { intAttribute, makeGraph, makeTensor } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { opsetVersion } from '../constants'
import type { ReadonlyDocument } from '../pass'

/** Before, Scan took a batch and lengths. */
const SCAN_OPSET = 9

/** What is brought out of a value: a float32 tensor of fixed shape. */
export interface Measure {
  /** For names of what is made. */
  readonly name: string
  readonly dims: readonly number[]
  /** Each element, where the value was not computed: a branch not taken, a loop of no rounds. */
  readonly none: number
  /** The operator that joins what a round gives with what those before it gave. */
  readonly join: 'Min' | 'Max' | 'Add'
  /** Nodes that compute `output` of `value`. */
  compute(value: string, output: string, make: NodeMaker): Node[]
}

export interface NodeMaker {
  fresh(base: string): string
  node(opType: string, inputs: readonly string[], outputs: readonly string[], attributes?: readonly Attribute[]): Node
  constant(tensor: Tensor): Node
}

/** A measure of a value, float32 as seen from its body. */
export interface Wanted {
  readonly body: Graph
  readonly name: string
  readonly measure: Measure
}

/** What is wanted, and the name under which a graph knows it. */
interface Seen {
  readonly wanted: Wanted
  readonly output: string
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

export interface BroughtOut {
  /** The main graph with what is wanted for its only outputs. */
  readonly model: Model
  /** One for each that is wanted, in that order. */
  readonly outputs: readonly string[]
}

/** The model that gives what is wanted: a branch gives its figures and the other one what stands for none; loops carry them from round to round. */
export function bringOut(edit: Edit, wanted: readonly Wanted[]): BroughtOut {
  const { graph, seen } = new Observer(edit, wanted).withMeasures(edit.main)
  const outputs = wanted.map((one) => {
    const found = seen.find((own) => own.wanted === one)
    if (!found) throw new Error(`internal: '${one.name}' was not brought out`)
    return found.output
  })
  return { model: { ...edit.model, graph: { ...graph, outputs: seen.map(outputInfo) } }, outputs }
}

class Observer {
  #nodes = 0
  readonly #bodies: ReadonlySet<Graph>
  readonly #make: NodeMaker

  constructor(
    readonly edit: Edit,
    readonly wanted: readonly Wanted[],
  ) {
    this.#bodies = new Set(wanted.map(({ body }) => body))
    const make: NodeMaker = {
      fresh: (base) => edit.freshName(edit.main, base),
      node: (opType, inputs, outputs, attributes = []) => ({ id: -1 - this.#nodes++, name: '', domain: '', opType, inputs, outputs, attributes }),
      constant: (tensor) => make.node('Constant', [], [make.fresh('constant')], [makeTensor('value', tensor)]),
    }
    this.#make = make
  }

  /** The graph with the measures of its own values, and of those within it, computed by its nodes. */
  withMeasures(graph: Graph): { graph: Graph; seen: Seen[] } {
    const seen: Seen[] = []
    const nodes = graph.nodes.flatMap((node): Node[] => {
      if (!bringsOut(this.edit.document, node) || !subgraphsOf(node).some((body) => this.#isObserved(body))) return [node]
      const brought = node.opType === 'If' ? this.#branches(node) : this.#rounds(node)
      seen.push(...brought.seen)
      return brought.nodes
    })
    for (const wanted of this.wanted) {
      if (wanted.body !== graph) continue
      const output = this.#fresh(wanted)
      nodes.push(...wanted.measure.compute(wanted.name, output, this.#make))
      seen.push({ wanted, output })
    }
    return { graph: { ...graph, nodes }, seen }
  }

  #isObserved(graph: Graph): boolean {
    return this.#bodies.has(graph) || graph.nodes.some((node) => subgraphsOf(node).some((body) => this.#isObserved(body)))
  }

  #branches(node: Node): { nodes: Node[]; seen: Seen[] } {
    const branches = node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? [{ name: attribute.name, ...this.withMeasures(attribute.value) }] : []))
    const all = branches.flatMap(({ seen }) => seen)
    const attributes = branches.map(({ name, graph, seen }) => {
      const nothing = all.map((one) => (seen.includes(one) ? null : this.#none(one.wanted)))
      const outputs = all.map((one, at) => outputInfo({ ...one, output: nothing[at]?.outputs[0] ?? one.output }))
      return makeGraph(name, { ...graph, nodes: [...graph.nodes, ...nothing.flatMap((made) => made ?? [])], outputs: [...graph.outputs, ...outputs] })
    })
    const seen = all.map(({ wanted }) => ({ wanted, output: this.#fresh(wanted) }))
    return { nodes: [{ ...node, attributes, outputs: [...node.outputs, ...seen.map(({ output }) => output)] }], seen }
  }

  /** What is carried comes behind what the loop carries already, and before what it stacks or, with Scan, goes over. */
  #rounds(node: Node): { nodes: Node[]; seen: Seen[] } {
    const held = node.attributes.find(({ name }) => name === 'body')
    if (held?.type !== 'graph') return { nodes: [node], seen: [] }
    const { graph, seen: inner } = this.withMeasures(held.value)
    const isLoop = node.opType === 'Loop'
    // Loop counts rounds and asks whether to go on; its body gives the latter too.
    const carried = isLoop ? held.value.inputs.length - 2 : held.value.inputs.length - intAttribute(node, 'num_scan_inputs', 0)
    const before = inner.map((one) => ({ ...one, output: this.#fresh(one.wanted) }))
    const joined = inner.map((one) => ({ ...one, output: this.#fresh(one.wanted) }))
    const joins = inner.map(({ wanted, output }, at) => this.#make.node(wanted.measure.join, [before[at]?.output ?? '', output], [joined[at]?.output ?? '']))
    const body: Graph = {
      ...graph,
      nodes: [...graph.nodes, ...joins],
      inputs: inserted(graph.inputs, carried + (isLoop ? 2 : 0), before.map(outputInfo)),
      outputs: inserted(graph.outputs, carried + (isLoop ? 1 : 0), joined.map(outputInfo)),
    }
    const nothing = inner.map(({ wanted }) => this.#none(wanted))
    const seen = inner.map(({ wanted }) => ({ wanted, output: this.#fresh(wanted) }))
    const given = {
      inputs: inserted(padded(node.inputs, held.value.inputs.length), carried + (isLoop ? 2 : 0), nothing.flatMap(({ outputs }) => outputs)),
      outputs: inserted(padded(node.outputs, held.value.outputs.length - (isLoop ? 1 : 0)), carried, seen.map(({ output }) => output)),
    }
    const attributes = node.attributes.map((attribute) => (attribute === held ? makeGraph('body', body) : attribute))
    return { nodes: [...nothing, { ...node, ...given, attributes }], seen }
  }

  #none({ measure: { dims, none } }: Wanted): Node {
    const size = dims.reduce((product, dim) => product * dim, 1)
    return this.#make.constant(rawTensor('', 'float32', dims, bytesOf(new Float32Array(size).fill(none))))
  }

  #fresh({ name, measure }: Wanted): string {
    return this.#make.fresh(`${name}.${measure.name}`)
  }
}

function inserted<Item>(list: readonly Item[], at: number, more: readonly Item[]): Item[] {
  return [...list.slice(0, at), ...more, ...list.slice(at)]
}

/** Names left out at the end of a list stand there as empty ones. */
function padded(names: readonly string[], count: number): string[] {
  return [...names, ...Array.from({ length: Math.max(0, count - names.length) }, () => '')]
}

function outputInfo({ wanted, output }: Seen): ValueInfo {
  return { name: output, type: { kind: 'tensor', dataType: DATA_TYPES.float32.code, shape: [...wanted.measure.dims] } }
}
