/** Conv, Gemm and MatMul as one matrix: each output is a row of weights times a patch of the input. */
import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { notApplicable, type Refusal, refuse } from '../refusal'
import { floatValues, quantizableWeight } from '../weight-store'
import { transposeMatrix } from '../weight-only/block-weights'

export interface LinearLayer {
  readonly graph: Graph
  readonly node: Node
  readonly weight: Tensor
  /** Null where there is none; not constant biases are refused. */
  readonly bias: Tensor | null
  /** Output channels. */
  readonly rows: number
  /** Weights of one output channel: in a Conv by input channel of its group, then kernel position. */
  readonly columns: number
  readonly groups: number
  /** Null for Gemm and MatMul. */
  readonly window: ConvWindow | null
  /** Whether the weight is [rows, columns] as it stands; else [columns, rows]. */
  readonly rowsFirst: boolean
}

/** Kernel, strides, dilations: one entry for each spatial axis. Pads: those before, then those after; null: as `auto_pad` says. */
export interface ConvWindow {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly pads: readonly number[] | null
  readonly autoPad: string
}

/** The layer that a node of the default domain is, where it has at least `minElements` constant float32 weights of its own; or why it is none. */
export function linearLayer(document: ReadonlyDocument, graph: Graph, node: Node, minElements: number): LinearLayer | Refusal {
  if (!sameDomain(node.domain, '') || !['Conv', 'Gemm', 'MatMul'].includes(node.opType)) return notApplicable('it is no Conv, Gemm or MatMul')
  const weight = quantizableWeight(document, { graph, name: node.inputs[1], rank: 2, elements: minElements })
  if ('reason' in weight) return weight
  if (document.uses(graph, weight.name).length > 1) return refuse(`its weight '${weight.name}' is read by several nodes`)
  if (constantTensor(document, graph, node.inputs[0] ?? '')) return notApplicable('both inputs are constants')
  const biasName = node.opType === 'MatMul' ? '' : (node.inputs[2] ?? '')
  const bias = biasName === '' ? null : constantTensor(document, graph, biasName)
  if (biasName !== '' && !bias) return refuse('its bias is computed')
  return node.opType === 'Conv' ? convLayer({ graph, node, weight, bias }) : productLayer({ graph, node, weight, bias })
}

type Parts = Pick<LinearLayer, 'graph' | 'node' | 'weight' | 'bias'>

function convLayer(parts: Parts): LinearLayer | Refusal {
  const { node, weight } = parts
  const [rows = 0, perGroup = 0, ...kernel] = weight.dims
  if (kernel.length < 1 || kernel.length > 2) return refuse(`its kernel has ${kernel.length} axes`)
  const ones = kernel.map(() => 1)
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET')
  const window: ConvWindow = {
    kernel,
    strides: intsAttribute(node, 'strides', ones),
    dilations: intsAttribute(node, 'dilations', ones),
    pads: autoPad === 'NOTSET' ? intsAttribute(node, 'pads', [...ones, ...ones].map(() => 0)) : autoPad === 'VALID' ? [...ones, ...ones].map(() => 0) : null,
    autoPad,
  }
  return { ...parts, rows, columns: perGroup * kernel.reduce((product, size) => product * size, 1), groups: intAttribute(node, 'group', 1), window, rowsFirst: true }
}

function productLayer(parts: Parts): LinearLayer | Refusal {
  const { node, weight } = parts
  if (weight.dims.length !== 2) return refuse('its weight is more than one matrix')
  if (node.opType === 'Gemm' && (intAttribute(node, 'transA', 0) !== 0 || floatAttribute(node, 'alpha', 1) !== 1 || floatAttribute(node, 'beta', 1) !== 1)) {
    return refuse('it transposes or scales (transA, alpha, beta)')
  }
  const rowsFirst = node.opType === 'Gemm' && intAttribute(node, 'transB', 0) !== 0
  const [first = 0, second = 0] = weight.dims
  return { ...parts, rows: rowsFirst ? first : second, columns: rowsFirst ? second : first, groups: 1, window: null, rowsFirst }
}

/** The weights, [rows, columns], as a copy. */
export function weightMatrix({ weight, rows, columns, rowsFirst }: LinearLayer): Float32Array {
  const values = floatValues(weight)
  return rowsFirst ? values.slice() : transposeMatrix(values, columns, rows)
}

/** The layer's weight tensor with other values, given as [rows, columns]. */
export function weightTensor({ weight, rows, columns, rowsFirst }: LinearLayer, values: Float32Array): Tensor {
  return rawTensor(weight.name, 'float32', weight.dims, bytesOf(rowsFirst ? values : transposeMatrix(values, rows, columns)))
}

/** Pads before and after each spatial axis for an input of these sizes. */
export function padsFor(window: ConvWindow, sizes: readonly number[]): { before: number; after: number }[] {
  const axes = window.kernel.length
  return window.kernel.map((kernel, axis) => {
    if (window.pads) return { before: window.pads[axis] ?? 0, after: window.pads[axes + axis] ?? 0 }
    const [stride, size] = [window.strides[axis] ?? 1, sizes[axis] ?? 0]
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + (kernel - 1) * (window.dilations[axis] ?? 1) + 1 - size)
    const less = Math.floor(total / 2)
    return window.autoPad === 'SAME_LOWER' ? { before: total - less, after: less } : { before: less, after: total - less }
  })
}

/** Sizes of the output's spatial axes. */
export function outputSizes(window: ConvWindow, sizes: readonly number[]): number[] {
  const pads = padsFor(window, sizes)
  return window.kernel.map((kernel, axis) => {
    const { before, after } = pads[axis] ?? { before: 0, after: 0 }
    const reach = (kernel - 1) * (window.dilations[axis] ?? 1) + 1
    return Math.max(0, Math.floor(((sizes[axis] ?? 0) + before + after - reach) / (window.strides[axis] ?? 1)) + 1)
  })
}
