/**
 * Where quantize/dequantize pairs go, one line for each operator, for onnxruntime's CPU provider (version 1.30). Other targets
 * are other tables.
 *
 * - `compute`: worth running on integers by itself; the rest is quantized only between such nodes.
 * - `between`: has an integer kernel, but a pair on each side costs more than it saves unless its neighbours are on integers too.
 * - `carry`: moves or selects values; its output has the scale of its input, and onnxruntime drops the pair around it.
 * - `bound`: only cuts off a range. Quantizing to that range does the same, so the node can go.
 */
import { intAttribute } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'

export interface Placement {
  readonly role: 'compute' | 'between' | 'carry' | 'bound'
  /** Inputs that hold activations; by default all of them. */
  readonly activations?: readonly number[]
  /** The input that is a constant weight, its channel axis for a weight of `rank` dimensions (null: one scale), and the bias. */
  readonly weight?: { readonly input: number; readonly bias: number | null; readonly channelAxis: (node: Node, rank: number) => number | null }
  /** True where there is an integer kernel that gives float: the output is quantized only if a reader wants it. */
  readonly mayEndFloat?: boolean
  /** From this opset on. */
  readonly since?: number
  /** The output's range where it is known beforehand. */
  readonly range?: { readonly min: number; readonly max: number }
}

export type PlacementTable = Readonly<Record<string, Placement>>

const carry: Placement = { role: 'carry', activations: [0] }
const between: Placement = { role: 'between' }

/** Axis of output channels in a weight. */
export const channelAxes = {
  conv: () => 0,
  /** In groups the channels of one index are several. */
  convTranspose: (node: Node) => (intAttribute(node, 'group', 1) === 1 ? 1 : null),
  gemm: (node: Node) => (intAttribute(node, 'transB', 0) !== 0 ? 0 : 1),
  matMul: (_: Node, rank: number) => (rank === 2 ? 1 : null),
} as const

/** What moves, picks or bounds values, and takes them in integers as they come: the same on every target. */
export const moves: PlacementTable = {
  Reshape: carry,
  Transpose: carry,
  Squeeze: carry,
  Unsqueeze: carry,
  Flatten: carry,
  Slice: carry,
  Split: carry,
  Gather: carry,
  MaxPool: { ...carry, since: 12 },
  Resize: { ...carry, since: 11 },
  Relu: { role: 'bound', activations: [0] },
  Clip: { role: 'bound', activations: [0] },
}

export const cpuPlacement: PlacementTable = {
  Conv: { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: channelAxes.conv } },
  Gemm: { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: channelAxes.gemm }, mayEndFloat: true },
  MatMul: { role: 'compute', activations: [0], weight: { input: 1, bias: null, channelAxis: channelAxes.matMul }, mayEndFloat: true },
  Add: between,
  Mul: between,
  Concat: between,
  GlobalAveragePool: between,
  LeakyRelu: between,
  Sigmoid: between,
  Softmax: { role: 'between', range: { min: 0, max: 1 } },
  AveragePool: carry,
  ...moves,
}
