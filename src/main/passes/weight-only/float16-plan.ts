import { intAttribute, intsAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { sameDomain } from '#shared/onnx/document'
import type { TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { opSchema, parameterAt } from '#shared/onnx/schema/op-schema'
import { constantTensor, isFloat32, isReadable, opsetVersion } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { floatValues } from '../weight-store'
import { toHalf } from './half-values'

/** Half precision counts, orders or addresses too coarsely here; or an attribute says float32 and has to go on saying so. */
const KEEP_FLOAT = new Set([
  ...['CumSum', 'Range', 'NonMaxSuppression', 'TopK', 'RoiAlign', 'MaxRoiPool', 'GridSample', 'Multinomial', 'Bernoulli'],
  ...['Constant', 'ConstantOfShape', 'EyeLike', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
  ...['BlackmanWindow', 'HammingWindow', 'HannWindow', 'MelWeightMatrix', 'DFT', 'STFT'],
  ...['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'],
])
/** Nodes that compute enough to be worth a Cast around them. The others go with their neighbours. */
const HEAVY = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Einsum', 'LSTM', 'GRU', 'RNN', 'Attention', 'MultiHeadAttention', 'FusedMatMul', 'FusedConv', 'FusedGemm'])
/** A constant that half precision changes by more than this, as it does numbers near zero, keeps its readers in float32. */
const WORST_CONSTANT_ERROR = 0.01

export interface Float16Needs {
  readonly document: ReadonlyDocument
  readonly graph: Graph
  readonly types: TypeTable
  readonly isSelected: (node: Node) => boolean
  /** Whether half precision holds what calibration saw of a value. */
  readonly fits: (name: string) => boolean
  readonly keepIoTypes: boolean
}

export interface Float16Plan {
  /** Nodes that compute in half precision. */
  readonly nodes: ReadonlySet<number>
  /** Nodes that could but for what their values or constants are. */
  readonly outOfRange: readonly { readonly node: Node; readonly valueName: string }[]
}

/** Positions of a node's inputs that become half together with it. */
export function halfInputs({ document, graph, types }: Pick<Float16Needs, 'document' | 'graph' | 'types'>, node: Node): number[] {
  const schema = opSchema(node.domain, node.opType, opsetVersion(document.model, node.domain))
  return node.inputs.flatMap((name, at) => {
    if (name === '' || !isFloat32Value({ types, graph }, name)) return []
    return takesHalf(parameterAt(schema?.inputs ?? [], at)?.types) ? [at] : []
  })
}

/** Chooses the nodes: every one that can, less those whose Casts would be for nothing. */
export function planFloat16(needs: Float16Needs): Float16Plan {
  const { graph } = needs
  const nodes = new Set<number>()
  const outOfRange: { node: Node; valueName: string }[] = []
  for (const node of graph.nodes) {
    if (!needs.isSelected(node) || !canBeHalf(needs, node)) continue
    const floatNames = [...node.inputs, ...node.outputs].filter((name) => name !== '' && isFloat32Value(needs, name))
    const misfit = floatNames.find((name) => !valueFits(needs, name))
    if (misfit === undefined) nodes.add(node.id)
    else outOfRange.push({ node, valueName: misfit })
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const node of graph.nodes) if (nodes.has(node.id) && !isWorthIt(needs, nodes, node)) changed = nodes.delete(node.id)
  }
  return { nodes, outOfRange }
}

export function isFloat32Value({ types, graph }: Pick<Float16Needs, 'types' | 'graph'>, name: string): boolean {
  const type = types.typeOf(graph, name)
  return type?.kind === 'tensor' && type.dataType === DATA_TYPES.float32.code
}

function takesHalf(types: readonly string[] | undefined): boolean {
  return types !== undefined && types.includes('tensor(float)') && types.includes('tensor(float16)')
}

function canBeHalf(needs: Float16Needs, node: Node): boolean {
  const { document, graph, types } = needs
  if (KEEP_FLOAT.has(node.opType) || node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) return false
  const schema = opSchema(node.domain, node.opType, opsetVersion(document.model, node.domain))
  if (!schema || crashesInHalf(needs, node)) return false
  const isKnown = (name: string) => name === '' || isKnownTensor(types.typeOf(graph, name)) || constantTensor(document, graph, name) !== null
  if (![...node.inputs, ...node.outputs].every(isKnown)) return false
  if (node.opType === 'Cast' && sameDomain(node.domain, '')) return intAttribute(node, 'to', 0) === DATA_TYPES.float32.code || halfInputs(needs, node).length > 0
  const floatOutputs = node.outputs.flatMap((name, at) => (name !== '' && isFloat32Value(needs, name) ? [at] : []))
  if (!floatOutputs.every((at) => takesHalf(parameterAt(schema.outputs, at)?.types))) return false
  return floatOutputs.length > 0 || halfInputs(needs, node).length > 0
}

/**
 * onnxruntime 1.30 dies while it optimises a half Transpose of three axes that a MatMul reads, on CPUs where it puts a Cast between.
 * Transposes of four axes, as most attention has, are fine.
 */
function crashesInHalf({ document, graph }: Float16Needs, node: Node): boolean {
  if (node.opType !== 'Transpose' || intsAttribute(node, 'perm', []).length !== 3) return false
  return document.uses(graph, node.outputs[0] ?? '').some((use) => use.node?.opType === 'MatMul')
}

function isKnownTensor(type: ReturnType<TypeTable['typeOf']>): boolean {
  return type?.kind === 'tensor' && type.dataType !== 0
}

function valueFits(needs: Float16Needs, name: string): boolean {
  const tensor = constantTensor(needs.document, needs.graph, name)
  return tensor ? constantFits(tensor) : needs.fits(name)
}

function constantFits(tensor: Tensor): boolean {
  if (!isFloat32(tensor)) return true
  if (!isReadable(tensor)) return false
  const { isFalsified, relativeError } = toHalf(floatValues(tensor), 'float16')
  return !isFalsified && relativeError <= WORST_CONSTANT_ERROR
}

/** A light node is worth it where a half neighbour is at hand; one that gives no floats, where all it reads is half anyway. */
function isWorthIt(needs: Float16Needs, nodes: ReadonlySet<number>, node: Node): boolean {
  if (HEAVY.has(node.opType)) return true
  const { document, graph } = needs
  const read = halfInputs(needs, node)
    .map((at) => node.inputs[at] ?? '')
    .filter((name) => !constantTensor(document, graph, name))
  const isHalf = (name: string) => {
    const definition = document.index(graph).definition(name)
    return definition?.kind === 'node' ? nodes.has(definition.node.id) : !needs.keepIoTypes
  }
  const floatOutputs = node.outputs.filter((name) => name !== '' && isFloat32Value(needs, name))
  if (floatOutputs.length === 0) return read.length > 0 && read.every(isHalf)
  const feedsHalf = floatOutputs.some((name) => document.uses(graph, name).some((use) => (use.node ? use.graph === graph && nodes.has(use.node.id) : !needs.keepIoTypes)))
  return feedsHalf || read.some(isHalf)
}
