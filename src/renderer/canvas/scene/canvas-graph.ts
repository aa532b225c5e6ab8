/**
 * What the canvas draws of a graph: boxes with rows, and edges. Pure data from a GraphView; initializers and Constant nodes
 * become rows of the boxes that read them.
 */
import type { AttributeView, GraphView, NamedTypeView, NodeView, TensorView, TypeView } from '#shared/ipc/model-view'
import { opCategory, type OpCategory } from '#shared/onnx/schema/op-category'

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

export type CanvasBox = OpBox | TerminalBox

export interface CanvasEdge {
  /** Indices into `boxes`. */
  readonly source: number
  readonly target: number
  /** Index into `values`. */
  readonly value: number
  /** The value is read inside the target's subgraphs, not by the node itself. */
  readonly captured: boolean
}

export interface CanvasValue {
  readonly name: string
  /** Shape, with the data type where it is not float32; empty where nothing is known. */
  readonly label: string
}

export interface CanvasGraph {
  readonly graphId: number
  readonly boxes: readonly CanvasBox[]
  readonly edges: readonly CanvasEdge[]
  readonly values: readonly CanvasValue[]
  /** Box of each node by id; a folded Constant's is that of its first reader. */
  readonly boxOfNode: ReadonlyMap<number, number>
  /** Boxes by the name of a graph input or output. */
  readonly boxOfInput: ReadonlyMap<string, number>
  readonly boxOfOutput: ReadonlyMap<string, number>
  readonly valueIndex: ReadonlyMap<string, number>
  /** Boxes that read an initializer, by its name. */
  readonly readersOfTensor: ReadonlyMap<string, readonly number[]>
}

export interface CanvasOptions {
  names: boolean
  attributes: boolean
  weights: boolean
  /** Model-local functions, whose calls can be entered. */
  functions: readonly { graphId: number; domain: string; name: string }[]
}

const MAX_ROWS = 12

export function buildCanvasGraph(view: GraphView, options: CanvasOptions): CanvasGraph {
  const tensors = new Map(view.initializers.map((tensor) => [tensor.name, tensor]))
  const constants = foldedConstants(view)
  const inputs = view.inputs.filter(({ name }) => !tensors.has(name))
  const shown = view.nodes.filter((node) => !constants.has(node.outputs[0] ?? ''))

  const boxes: CanvasBox[] = inputs.map((value) => ({ kind: 'input', value }))
  const boxOfInput = new Map(inputs.map(({ name }, index) => [name, index]))
  const boxOfNode = new Map<number, number>()
  const producer = new Map<string, number>(boxOfInput)
  for (const node of shown) {
    for (const name of node.outputs) if (name !== '') producer.set(name, boxes.length)
    boxOfNode.set(node.id, boxes.length)
    const rows = rowsOf(node, view, { ...options, tensors, constants, isInside: (name) => producer.has(name) || tensors.has(name) })
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
      values.push({ name, label: typeLabel(view.values[name] ?? inputs.find((input) => input.name === name)) })
    }
    edges.push({ source, target, value, captured })
  }
  boxes.forEach((box, index) => {
    if (box.kind === 'op') {
      for (const name of box.node.inputs) connect(name, index, false)
      for (const name of box.node.captures ?? []) if (!box.node.inputs.includes(name)) connect(name, index, true)
    } else if (box.kind === 'output') connect(box.value.name, index, false)
  })
  return { graphId: view.graphId, boxes, edges, values, boxOfNode, boxOfInput, boxOfOutput, valueIndex, readersOfTensor }
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

interface RowContext extends CanvasOptions {
  tensors: ReadonlyMap<string, GraphView['initializers'][number]>
  constants: ReadonlyMap<string, NodeView>
  isInside: (name: string) => boolean
}

function rowsOf(node: NodeView, view: GraphView, context: RowContext): BoxRow[] {
  const rows: BoxRow[] = []
  const parameters = view.inputNames?.[`${node.domain}:${node.opType}`] ?? []
  if (context.names && node.name !== '') rows.push({ kind: 'name', text: node.name })
  node.inputs.forEach((name, index) => {
    if (name === '') return
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
