/**
 * Multiply–accumulates of one run: one for each product that is added up (a multiplication and an addition together). Ops
 * that add up no products (activations, poolings, normalizations) count 0, as is usual in published figures.
 */
import type { ModelDocument } from '../document'
import type { Dim, FunctionDefinition, Graph, Node } from '../records'
import { opVersions } from '../schema/op-schema'
import { elementCountOf, normalizeAxis, type Shape } from './dims'
import { shapeOf } from './fact'
import { MAX_CALL_DEPTH, type TypeTable } from './infer-types'
import { NodeContext } from './node-context'
import { einsumSizes, parseEinsum } from './rules/matmul'

interface Counted {
  readonly node: Node
  /** Attributes, where those of the wrong type count as left out. */
  readonly attributes: NodeContext
  readonly input: (at: number) => Shape | null
  readonly output: (at: number) => Shape | null
}

type Count = (counted: Counted) => number | null

/**
 * Multiply–accumulates of one node, or null where the operator is neither ONNX's nor onnxruntime's, or a shape it depends on has a
 * symbol or is unknown: infer with `dims` to fix symbols. If counts its dearest branch, Loop and Scan their turns; a call of a function its body.
 */
export function nodeMacs(document: ModelDocument, graph: Graph, node: Node, types: TypeTable): number | null {
  const definition = document.model.functions.find((known) => known.domain === node.domain && known.name === node.opType && known.overload === (node.overload ?? ''))
  if (definition) return functionMacs(document, definition, types)
  const nested = nestedMacs(document, graph, node, types)
  if (nested !== undefined) return nested
  const count = COUNTS[node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`]
  if (!count) return opVersions(node.domain, node.opType).length > 0 ? 0 : null
  const shape = (name: string | undefined) => (name ? shapeOf(types.typeOf(graph, name)) : null)
  return count({ node, attributes: attributesOf(node), input: (at) => shape(node.inputs[at]), output: (at) => shape(node.outputs[at]) })
}

function attributesOf(node: Node): NodeContext {
  return new NodeContext(node, 1, [], null, () => [])
}

/** The sum over the main graph, or null where any part of it is unknown. */
export function modelMacs(document: ModelDocument, types: TypeTable): number | null {
  return graphMacs(document, document.model.graph, types)
}

/**
 * `dims` for {@link inferTypes} that make open batch sizes 1: what stands first in inputs of rank 2 and up, and nowhere else.
 * Published figures are for one sample, and most models leave the batch open.
 */
export function singleBatch(document: ModelDocument): Record<string, number> {
  const leading = new Set<string>()
  const elsewhere = new Set<string>()
  const { graph } = document.model
  for (const { name, type } of graph.inputs) {
    const shape = shapeOf(type)
    if (document.initializer(graph, name) || !shape) continue
    const [first, ...rest] = shape
    if (typeof first !== 'number' && shape.length > 1) leading.add(first || `${name}:0`)
    for (const dim of shape.length > 1 ? rest : shape) if (typeof dim === 'string') elsewhere.add(dim)
  }
  return Object.fromEntries([...leading].filter((dim) => !elsewhere.has(dim)).map((dim) => [dim, 1]))
}

function graphMacs(document: ModelDocument, graph: Graph, types: TypeTable): number | null {
  let sum = 0
  for (const node of graph.nodes) {
    const macs = nodeMacs(document, graph, node, types)
    if (macs === null) return null
    sum += macs
  }
  return sum
}

/** Counts of function bodies under one table. Without it, functions that call others twice would take exponential time. */
interface FunctionCounts {
  readonly known: Map<FunctionDefinition, number | null>
  depth: number
}

const functionCounts = new WeakMap<TypeTable, FunctionCounts>()

function functionMacs(document: ModelDocument, definition: FunctionDefinition, types: TypeTable): number | null {
  const counts = functionCounts.get(types) ?? { known: new Map<FunctionDefinition, number | null>(), depth: 0 }
  functionCounts.set(types, counts)
  const known = counts.known.get(definition)
  if (known !== undefined) return known
  if (counts.depth >= MAX_CALL_DEPTH) return null
  // Unknown until it is counted: that also answers a function that calls itself.
  counts.known.set(definition, null)
  counts.depth++
  const macs = graphMacs(document, definition.body, types)
  counts.depth--
  counts.known.set(definition, macs)
  return macs
}

/** Undefined for a node that holds no graphs. */
function nestedMacs(document: ModelDocument, graph: Graph, node: Node, types: TypeTable): number | null | undefined {
  const bodies = node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? [attribute.value] : []))
  if (bodies.length === 0) return undefined
  const counts = bodies.map((body) => graphMacs(document, body, types))
  const dearest = counts.reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)))
  if (node.opType === 'If' || dearest === 0 || dearest === null) return dearest
  const turns = node.opType === 'Loop' ? types.elementsOf(graph, node.inputs[0] ?? '')?.[0] : scanLength(graph, node, types)
  return typeof turns === 'number' ? turns * dearest : null
}

function scanLength(graph: Graph, node: Node, types: TypeTable): Dim {
  const first = node.inputs.length - attributesOf(node).int('num_scan_inputs', 0)
  const shape = shapeOf(types.typeOf(graph, node.inputs[first] ?? ''))
  const axis = shape ? normalizeAxis(attributesOf(node).ints('scan_input_axes')?.[0] ?? 0, shape.length) : null
  return shape && axis !== null ? (shape[axis] ?? null) : null
}

/** The product, or null where one factor is no number. */
function product(...factors: (Dim | undefined)[]): number | null {
  return elementCountOf(factors.map((factor) => factor ?? null))
}

function elements(shape: Shape | null): number | null {
  return shape && elementCountOf(shape)
}

/** Every output element sums over C / group · ∏kernel: all of a weight [M, C / group, …kernel] but its first axis. */
function conv(weight: number): Count {
  return ({ input, output }) => product(elements(output(0)), elements(input(weight)?.slice(1) ?? null))
}

/** Every input element is spread over M / group · ∏kernel: all of a weight [C, M / group, …kernel] but its first axis. */
const convTranspose: Count = ({ input }) => product(elements(input(0)), elements(input(1)?.slice(1) ?? null))

/** Every output element sums over the last axis of A. */
const matmul: Count = ({ input, output }) => product(elements(output(0)), input(0)?.at(-1))

const fusedMatmul: Count = ({ attributes, input, output }) => product(elements(output(0)), input(0)?.at(attributes.int('transA', 0) ? -2 : -1))

const gemm: Count = ({ attributes, input, output }) => product(elements(output(0)), input(0)?.[attributes.int('transA', 0) ? 0 : 1])

/** Contracted in one go, as the equation reads: every combination of letters costs one for each operand after the first. */
const einsum: Count = ({ node, attributes, input }) => {
  const equation = parseEinsum(attributes.string('equation') ?? '')
  const known = einsumSizes(equation, node.inputs.map((_, at) => input(at)))
  if (!known) return null
  return product(...known.sizes.values(), ...known.ellipsis, Math.max(0, equation.inputs.length - 1))
}

/** X [sequence, batch, input], W [directions, gates·hidden, input], R [directions, gates·hidden, hidden]: both at each step. */
const recurrent: Count = ({ node, input }) => {
  const [x, w, r] = [input(0), input(1), input(2)]
  const [fromInput, fromState] = [elements(w), elements(r)]
  const steps = product(x?.[0], x?.[1])
  // `hidden_size` alone is not enough: the counts of both weights are.
  return node.inputs.length < 3 || fromInput === null || fromState === null ? null : product(steps, fromInput + fromState)
}

/** Q·Kᵀ and the weights times V: batch · heads · query · keys · (head size of Q + of V). */
function scores(batch: Dim | undefined, query: Dim | undefined, keys: Dim | undefined, widths: Dim): number | null {
  return product(batch, query, keys, widths)
}

function addOrNull(...parts: (number | null)[]): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}

/** Q [B, H, S, D] or [B, S, H·D]. Head counts multiply out: H·D is the hidden width. */
const attention: Count = ({ node, input, output }) => {
  const [q, k] = [input(0), input(1)]
  const y = output(0)
  const inHeads = q?.length === 4
  const past = node.inputs[4] ? (input(4)?.[2] ?? null) : 0
  const keys = addOrNull(numberOrNull(inHeads ? k?.[2] : k?.[1]), numberOrNull(past))
  const widthOf = (shape: Shape | null) => numberOrNull(inHeads ? product(shape?.[1], shape?.[3]) : shape?.[2])
  return scores(q?.[0], inHeads ? q[2] : q?.[1], keys, addOrNull(widthOf(q), widthOf(y)))
}

/** input [B, S, in] times weights [in, Q + K + V], then attention over S and the past. */
const packedAttention: Count = ({ node, attributes, input, output }) => {
  const [x, w] = [input(0), input(1)]
  const past = node.inputs[4] && node.opType === 'Attention' ? numberOrNull(input(4)?.[3]) : 0
  const keys = addOrNull(numberOrNull(x?.[1]), past)
  const value = numberOrNull(output(0)?.[2])
  const query = numberOrNull(attributes.ints('qkv_hidden_sizes')?.[0] ?? value)
  return addOrNull(product(elements(x), w?.[1]), scores(x?.[0], x?.[1], keys, addOrNull(query, value)))
}

const multiHeadAttention: Count = ({ node, input, output }) => {
  const [q, k] = [input(0), input(1)]
  const y = output(0)
  if (q?.length === 5) return scores(q[0], q[1], q[1], addOrNull(numberOrNull(y?.[2]), numberOrNull(y?.[2])))
  const past = node.inputs[6] ? numberOrNull(input(6)?.[2]) : 0
  const keys = addOrNull(numberOrNull(k?.length === 4 ? k[2] : k?.[1]), past)
  return scores(q?.[0], q?.[1], keys, addOrNull(numberOrNull(q?.[2]), numberOrNull(y?.[2])))
}

/** Keys with the past are as many as the present key cache has. */
const groupQueryAttention: Count = ({ output }) => {
  const y = output(0)
  return scores(y?.[0], y?.[1], output(1)?.[2], addOrNull(numberOrNull(y?.[2]), numberOrNull(y?.[2])))
}

function numberOrNull(dim: Dim | undefined): number | null {
  return typeof dim === 'number' ? dim : null
}

const COUNTS: Readonly<Record<string, Count>> = {
  Conv: conv(1),
  ConvInteger: conv(1),
  DeformConv: conv(1),
  QLinearConv: conv(3),
  'com.microsoft:FusedConv': conv(1),
  'com.microsoft:QLinearConv': conv(3),
  ConvTranspose: convTranspose,
  MatMul: matmul,
  MatMulInteger: matmul,
  QLinearMatMul: matmul,
  'com.microsoft:MatMulInteger16': matmul,
  'com.microsoft:MatMulIntegerToFloat': matmul,
  'com.microsoft:DynamicQuantizeMatMul': matmul,
  'com.microsoft:MatMulNBits': matmul,
  'com.microsoft:MatMulBnb4': matmul,
  'com.microsoft:MatMulFpQ4': matmul,
  'com.microsoft:FusedMatMul': fusedMatmul,
  'com.microsoft:FusedMatMulActivation': fusedMatmul,
  'com.microsoft:TransposeMatMul': fusedMatmul,
  Gemm: gemm,
  'com.microsoft:FusedGemm': gemm,
  'com.microsoft:GemmFloat8': gemm,
  'com.microsoft:QGemm': gemm,
  Einsum: einsum,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  'com.microsoft:DynamicQuantizeLSTM': recurrent,
  Attention: attention,
  'com.microsoft:Attention': packedAttention,
  'com.microsoft:QAttention': packedAttention,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
}
