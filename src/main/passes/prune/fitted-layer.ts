/** The layers of a cut model that can be fitted, and what each is aimed at. */
import { floatAttribute, intAttribute } from '#shared/onnx/attributes'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { Graph, Model, Node, Tensor } from '#shared/onnx/records'
import { readNames } from '#shared/onnx/topological-order'
import { constantTensor, elementsOf, isFloat32 } from '../constants'
import { floatValues } from '../weight-store'
import type { Bounds } from './distill'
import { groupsOf, type Window, windowOf } from './patches'

/** Wider layers take too long to solve for. */
const MOST_COLUMNS = 4608

export interface FittedLayer {
  readonly nodeId: number
  readonly opType: string
  readonly input: string
  readonly weight: Tensor
  readonly biasInput: number | null
  readonly transposed: boolean
  readonly window: Window | null
  /** Channels (or columns) of the input and of the output that each group has. */
  readonly groups: readonly number[]
  readonly inputsPerGroup: number
  readonly columns: number
  /** Unknowns of each output, the bias included. */
  readonly size: number
  /** Value of the source that is aimed at, and the one of the cut model to be taken from it. */
  readonly target: string
  readonly minus: string | null
  /** Of the activation behind the target, where nothing else reads it. */
  readonly bounds: Bounds | null
  readonly kept: readonly number[]
}

export interface CutLayers {
  /** Of each layer, the source's output channels that are left, by node id. */
  readonly outputs: ReadonlyMap<number, readonly number[]>
  /** Nodes whose own inputs or weights changed; what comes after them is fitted too. */
  readonly changed: ReadonlySet<number>
}

/** In the order they compute. */
export function layersToFit(edit: Edit, source: Model, { outputs, changed }: CutLayers): FittedLayer[] {
  const graph = edit.main
  const dirty = new Set<string>()
  const unsettled = new Set<string>()
  const touched: Node[] = []
  for (const node of graph.nodes) {
    if (!changed.has(node.id) && !readNames(node).some((name) => dirty.has(name))) continue
    for (const name of node.outputs) dirty.add(name)
    touched.push(node)
  }
  const sourceNodes = new Map(source.graph.nodes.map((node) => [node.id, node]))
  const layers: FittedLayer[] = []
  const candidates = touched.filter((node) => outputs.has(node.id))
  for (const [at, node] of candidates.entries()) {
    // What depends on layers yet to be fitted is not settled.
    unsettled.clear()
    for (const later of candidates.slice(at)) for (const name of later.outputs) unsettled.add(name)
    for (const each of graph.nodes) if (readNames(each).some((name) => unsettled.has(name))) for (const name of each.outputs) unsettled.add(name)
    const layer = describeLayer(edit, graph, node, { source: sourceNodes, kept: outputs.get(node.id) ?? [], unsettled })
    if (layer) layers.push(layer)
  }
  return layers
}

function describeLayer(edit: Edit, graph: Graph, node: Node, { source, kept, unsettled }: { source: ReadonlyMap<number, Node>; kept: readonly number[]; unsettled: ReadonlySet<string> }): FittedLayer | null {
  const original = source.get(node.id)
  const weight = constantTensor(edit.document, graph, node.inputs[1] ?? '')
  if (!original || !weight || !isFloat32(weight) || edit.document.uses(graph, weight.name).length !== 1 || !['Conv', 'Gemm', 'MatMul'].includes(node.opType)) return null
  if (node.opType === 'MatMul' && weight.dims.length !== 2) return null
  // What is fed is not among the values that can be looked at.
  if (graph.inputs.some(({ name }) => name === node.inputs[0])) return null
  const isConv = node.opType === 'Conv'
  const transposed = node.opType === 'Gemm' && intAttribute(node, 'transB', 0) !== 0
  const window = isConv ? windowOf(node, weight.dims.slice(2)) : null
  if ((isConv && !window) || (node.opType === 'Gemm' && hasFactors(node))) return null
  const groups = isConv ? groupsOf(node) : 1
  const [first = 0, second = 0] = weight.dims
  const outputs = isConv ? first : transposed ? first : second
  const inputsPerGroup = isConv ? second : transposed ? second : first
  const biasName = node.inputs[2] ?? ''
  const bias = biasName === '' ? null : constantTensor(edit.document, graph, biasName)
  const canHaveBias = node.opType !== 'MatMul' && (biasName === '' || (bias !== null && isFloat32(bias) && bias.dims.length === 1 && bias.dims[0] === outputs && edit.document.uses(graph, biasName).length === 1))
  const size = inputsPerGroup * (isConv ? elementsOf(weight.dims.slice(2)) : 1) + (canHaveBias ? 1 : 0)
  if (size > MOST_COLUMNS || outputs !== kept.length || (!canHaveBias && biasName !== '')) return null
  return {
    nodeId: node.id,
    opType: node.opType,
    input: node.inputs[0] ?? '',
    weight,
    biasInput: canHaveBias ? 2 : null,
    transposed,
    window,
    groups: Array.from({ length: groups }, (_, at) => at),
    inputsPerGroup,
    columns: outputs / groups,
    size,
    kept,
    ...aimOf(edit, graph, node, { original, source, unsettled }),
  }
}

function hasFactors(node: Node): boolean {
  return node.attributes.some((attribute) => (attribute.name === 'alpha' || attribute.name === 'beta') && attribute.type === 'float' && attribute.value !== 1)
}

/** A sum with what is settled is aimed at as a whole. */
function aimOf(edit: Edit, graph: Graph, node: Node, { original, source, unsettled }: { original: Node; source: ReadonlyMap<number, Node>; unsettled: ReadonlySet<string> }): Pick<FittedLayer, 'target' | 'minus' | 'bounds'> {
  const [output = ''] = node.outputs
  const own = { target: original.outputs[0] ?? '', minus: null, bounds: boundsBehind(edit, graph, output) }
  const [use, ...others] = edit.document.uses(graph, output)
  if (others.length > 0 || use?.node?.opType !== 'Add') return own
  const other = use.node.inputs.find((name) => name !== output)
  const sum = source.get(use.node.id)
  if (other === undefined || !sum || unsettled.has(other) || constantTensor(edit.document, graph, other) || graph.inputs.some(({ name }) => name === other)) return own
  return { target: sum.outputs[0] ?? '', minus: other, bounds: boundsBehind(edit, graph, use.node.outputs[0] ?? '') }
}

/** Where the only reader of a value is Relu or Clip. */
function boundsBehind(edit: Edit, graph: Graph, name: string): Bounds | null {
  const [use, ...others] = edit.document.uses(graph, name)
  const reader = use?.node
  if (others.length > 0 || !reader || !sameDomain(reader.domain, '')) return null
  if (reader.opType === 'Relu') return { low: 0, high: Infinity }
  if (reader.opType !== 'Clip') return null
  const bound = (input: number, attribute: string, fallback: number): number => {
    const given = reader.inputs[input] ?? ''
    if (given === '') return floatAttribute(reader, attribute, fallback)
    const tensor = constantTensor(edit.document, graph, given)
    return tensor && isFloat32(tensor) ? (floatValues(tensor)[0] ?? NaN) : NaN
  }
  const bounds = { low: bound(1, 'min', -Infinity), high: bound(2, 'max', Infinity) }
  return bounds.low < bounds.high ? bounds : null
}
