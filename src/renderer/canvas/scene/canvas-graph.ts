/**
 * What the canvas draws of a graph: boxes with rows, and edges. Pure data from a GraphView; initializers and Constant nodes
 * become rows of the boxes that read them.
 */
import type { AttributeView, GraphView, NamedTypeView, NodeView, TensorView, TypeView } from '#shared/ipc/model-view'
import { opCategory, type OpCategory } from '#shared/onnx/schema/op-category'
import type { Group } from './group-tree'

/** One line in a box. */
export type BoxRow =
  | { readonly kind: 'name'; readonly text: string }
  /** An initializer the node reads. */
  | { readonly kind: 'weight'; readonly label: string; readonly text: string; readonly tensor: string }
  /** A folded Constant node. */
  | { readonly kind: 'constant'; readonly label: string; readonly text: string; readonly nodeId: number }
  /** A value from the graph around this one. */
  | { readonly kind: 'outer'; readonly label: string; readonly text: string; readonly value: string }
  | { readonly kind: 'attribute'; readonly label: string; readonly text: string }
  | { readonly kind: 'subgraph'; readonly label: string; readonly graphId: number }
  /** Rows left out. */
  | { readonly kind: 'more'; readonly count: number }

export interface OpBox {
  readonly kind: 'op'
  readonly node: NodeView
  readonly category: OpCategory
  readonly rows: readonly BoxRow[]
}

/** An input or output of the graph. */
export interface TerminalBox {
  readonly kind: 'input' | 'output'
  readonly value: NamedTypeView
}

/** Several nodes that belong together: folded into one box, or a frame around their boxes. */
export interface GroupBox {
  readonly kind: 'group'
  readonly group: Group
  readonly expanded: boolean
}

export type CanvasBox = OpBox | TerminalBox | GroupBox

export interface CanvasEdge {
  /** Indices into `boxes`. */
  readonly source: number
  readonly target: number
  /** Index into `values`. */
  readonly value: number
  /** The value is read inside the target's subgraphs, not by the node itself. */
  readonly captured: boolean
  /** The end that is the frame which the other end stands in. */
  readonly frame?: 'source' | 'target'
}

export interface CanvasValue {
  readonly name: string
  /** Shape, with the data type where it is not float32; empty where nothing is known. */
  readonly label: string
  readonly dtype: string
  /** `1×3×48×48`, `?` for unknown sizes. */
  readonly shape: string
}

export interface CanvasGraph {
  readonly graphId: number
  readonly boxes: readonly CanvasBox[]
  readonly edges: readonly CanvasEdge[]
  readonly values: readonly CanvasValue[]
  /** Box of each node by id; a folded Constant's is that of its first reader, a node's in a folded group is the group's. */
  readonly boxOfNode: ReadonlyMap<number, number>
  /** Boxes by the name of a graph input or output. */
  readonly boxOfInput: ReadonlyMap<string, number>
  readonly boxOfOutput: ReadonlyMap<string, number>
  readonly valueIndex: ReadonlyMap<string, number>
  /** Boxes that read an initializer, by its name. */
  readonly readersOfTensor: ReadonlyMap<string, readonly number[]>
  readonly tensorTypes: ReadonlyMap<string, { readonly dtype: string; readonly shape: string }>
}

export interface CanvasOptions {
  names: boolean
  attributes: boolean
  weights: boolean
  /** Model-local functions, whose calls can be entered. */
  functions: readonly { graphId: number; domain: string; name: string }[]
  /** Operator types left out, as `domain:opType`: what reads them is linked with what they read. */
  hiddenTypes?: ReadonlySet<string>
}

const MAX_ROWS = 12

/** The same for the same thing in every arrangement of a graph. */
export function boxKey(box: CanvasBox): string {
  if (box.kind === 'op') return `node ${box.node.id}`
  return box.kind === 'group' ? `group ${box.group.id}` : `${box.kind} ${box.value.name}`
}

/** Its name for people, where it has one. */
export function boxName(box: CanvasBox): string {
  if (box.kind === 'op') return box.node.name
  return box.kind === 'group' ? box.group.title : box.value.name
}

export function buildCanvasGraph(view: GraphView, options: CanvasOptions): CanvasGraph {
  const tensors = new Map(view.initializers.map((tensor) => [tensor.name, tensor]))
  const constants = foldedConstants(view)
  const inputs = view.inputs.filter(({ name }) => !tensors.has(name))
  const through = hiddenNodes(view, options.hiddenTypes)
  const isHidden = (node: NodeView) => options.hiddenTypes?.has(`${node.domain}:${node.opType}`) === true
  const shown = view.nodes.filter((node) => !constants.has(node.outputs[0] ?? '') && !isHidden(node))

  const boxes: CanvasBox[] = inputs.map((value) => ({ kind: 'input', value }))
  const boxOfInput = new Map(inputs.map(({ name }, index) => [name, index]))
  const boxOfNode = new Map<number, number>()
  const producer = new Map<string, number>(boxOfInput)
  const context: RowContext = { ...options, tensors, constants, through, isInside: (name) => producer.has(name) || tensors.has(name) }
  for (const node of shown) {
    for (const name of node.outputs) if (name !== '') producer.set(name, boxes.length)
    boxOfNode.set(node.id, boxes.length)
    const rows = rowsOf(node, view, context)
    boxes.push({ kind: 'op', node, category: opCategory(node.domain, node.opType), rows })
  }
  const boxOfOutput = new Map<string, number>()
  for (const value of view.outputs) {
    boxOfOutput.set(value.name, boxes.length)
    boxes.push({ kind: 'output', value })
  }

  const edges: CanvasEdge[] = []
  const values: CanvasValue[] = []
  const valueIndex = new Map<string, number>()
  const readersOfTensor = new Map<string, number[]>()
  const connect = (name: string, target: number, captured: boolean) => {
    const source = producer.get(name)
    if (source === undefined) {
      const constant = constants.get(name)
      if (constant !== undefined && !boxOfNode.has(constant.id)) boxOfNode.set(constant.id, target)
      if (tensors.has(name)) readersOfTensor.set(name, [...(readersOfTensor.get(name) ?? []), target])
      return
    }
    let value = valueIndex.get(name)
    if (value === undefined) {
      value = values.length
      valueIndex.set(name, value)
      const type = view.values[name] ?? inputs.find((input) => input.name === name)
      values.push({ name, label: typeLabel(type), dtype: type?.type ?? '', shape: type?.shape?.map(dimLabel).join('×') ?? '' })
    }
    edges.push({ source, target, value, captured })
  }
  boxes.forEach((box, index) => {
    if (box.kind === 'op') {
      for (const name of box.node.inputs) for (const seen of through(name)) connect(seen, index, false)
      for (const name of box.node.captures ?? []) if (!box.node.inputs.includes(name)) for (const seen of through(name)) connect(seen, index, true)
    } else if (box.kind === 'output') for (const seen of through(box.value.name)) connect(seen, index, false)
  })
  const tensorTypes = new Map(view.initializers.map(({ name, dtype, dims }) => [name, { dtype, shape: dims.join('×') }]))
  return { graphId: view.graphId, boxes, edges, values, boxOfNode, boxOfInput, boxOfOutput, valueIndex, readersOfTensor, tensorTypes }
}

/** `1×3×48×48`; with the type where it is not float32; `?` for unknown sizes; empty where nothing is known. */
export function typeLabel(type: TypeView | undefined): string {
  if (type === undefined) return ''
  const shape = type.shape === null ? '' : type.shape.map(dimLabel).join('×')
  if (type.type === 'float32' || type.type === '') return shape
  return shape === '' ? type.type : `${type.type} ${shape}`
}

function dimLabel(dim: number | string | null): string {
  if (dim === null || dim === '') return '?'
  const text = String(dim)
  return text.length > 16 ? `${text.slice(0, 15)}…` : text
}

/** Constant nodes that every reader can show as a row, by the name of their value. */
function foldedConstants(view: GraphView): Map<string, NodeView> {
  const outputs = new Set(view.outputs.map(({ name }) => name))
  const read = new Set(view.nodes.flatMap(({ inputs, captures }) => [...inputs, ...(captures ?? [])]))
  const folded = new Map<string, NodeView>()
  for (const node of view.nodes) {
    const [output] = node.outputs
    if (node.opType !== 'Constant' || node.domain !== '' || output === undefined || output === '') continue
    if (read.has(output) && !outputs.has(output)) folded.set(output, node)
  }
  return folded
}

/** For a value that a hidden node makes, the values it is made from, through any number of hidden nodes; else the value itself. */
function hiddenNodes(view: GraphView, hiddenTypes: ReadonlySet<string> = new Set()): (name: string) => readonly string[] {
  const producers = new Map<string, NodeView>()
  for (const node of view.nodes) {
    if (hiddenTypes.has(`${node.domain}:${node.opType}`)) for (const name of node.outputs) if (name !== '') producers.set(name, node)
  }
  if (producers.size === 0) return (name) => [name]
  const resolved = new Map<string, readonly string[]>()
  const resolve = (name: string): readonly string[] => {
    const known = resolved.get(name)
    if (known !== undefined) return known
    const node = producers.get(name)
    // A cycle, which only a broken model has, ends here.
    resolved.set(name, [])
    const sources = node === undefined ? [name] : [...new Set(node.inputs.filter((input) => input !== '').flatMap(resolve))]
    resolved.set(name, sources)
    return sources
  }
  return resolve
}

interface RowContext extends CanvasOptions {
  tensors: ReadonlyMap<string, GraphView['initializers'][number]>
  constants: ReadonlyMap<string, NodeView>
  through: (name: string) => readonly string[]
  isInside: (name: string) => boolean
}

function rowsOf(node: NodeView, view: GraphView, context: RowContext): BoxRow[] {
  const rows: BoxRow[] = []
  const parameters = view.inputNames?.[`${node.domain}:${node.opType}`] ?? []
  if (context.names && node.name !== '') rows.push({ kind: 'name', text: node.name })
  node.inputs.forEach((input, index) => {
    if (input === '') return
    // A hidden node's first input is what it is about; the others are its own parameters.
    const name = context.through(input)[0] ?? input
    const label = parameters[index] ?? shortName(name)
    const tensor = context.tensors.get(name)
    const constant = context.constants.get(name)
    if (tensor !== undefined) {
      if (context.weights) rows.push({ kind: 'weight', label, text: tensorText(tensor), tensor: name })
    } else if (constant !== undefined) {
      if (context.weights) rows.push({ kind: 'constant', label, text: constantText(constant), nodeId: constant.id })
    } else if (view.kind === 'subgraph' && !context.isInside(name)) {
      rows.push({ kind: 'outer', label, text: name, value: name })
    }
  })
  if (context.attributes) for (const attribute of node.attributes) if (isPlain(attribute)) rows.push({ kind: 'attribute', label: attribute.name, text: attribute.text })
  const shown: BoxRow[] = rows.length > MAX_ROWS ? [...rows.slice(0, MAX_ROWS - 1), { kind: 'more', count: rows.length - MAX_ROWS + 1 }] : rows
  return [...shown, ...subgraphRows(node, context.functions)]
}

function subgraphRows(node: NodeView, functions: CanvasOptions['functions']): BoxRow[] {
  const inside = node.attributes.flatMap((attribute) =>
    (attribute.graphIds ?? []).map((graphId): BoxRow => ({ kind: 'subgraph', label: attribute.name, graphId })),
  )
  const called = functions.find(({ domain, name }) => domain === node.domain && name === node.opType)
  return called === undefined ? inside : [...inside, { kind: 'subgraph', label: called.name, graphId: called.graphId }]
}

function isPlain(attribute: AttributeView): boolean {
  return attribute.graphIds === undefined && attribute.isDefault !== true
}

function constantText(node: NodeView): string {
  const value = node.attributes[0]
  if (value?.tensor === undefined) return value?.text ?? ''
  return tensorText(value.tensor)
}

/** Few values by themselves: `[0, 1]`; others by their size: `24×3×3×3`, and `‹24›` for a vector, as `24` would read like a value. */
function tensorText({ dims, dtype, values }: TensorView): string {
  // Slices run to the end by the largest integer there is.
  if (values !== undefined) return values.replaceAll('9223372036854775807', 'max').replaceAll('-9223372036854775808', 'min')
  if (dims.length === 0) return dtype
  return dims.length === 1 ? `‹${dims[0]}›` : dims.join('×')
}

/** The last part of a name such as `encoder/layer.0.weight`. */
function shortName(name: string): string {
  const last = name.split(/[/.:]/).findLast((part) => part !== '') ?? name
  return last.length > 24 ? `${last.slice(0, 23)}…` : last
}
