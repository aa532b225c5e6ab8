/** Conv and Gemm as layers with input and output channels, whatever the layout of their weights. */
import { intAttribute } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { constantTensor, isFloat32, isReadable } from '../constants'
import type { ReadonlyDocument } from '../pass'

/** The channel of the weight at `index` is `floor(index / inner) % count`. */
export interface ChannelAxis {
  readonly count: number
  readonly inner: number
}

export interface Layer {
  readonly node: Node
  readonly weight: Tensor
  /** Null where the layer has none. */
  readonly bias: Tensor | null
  readonly outputs: ChannelAxis
  /** Null for grouped convolutions that are not depthwise: one weight then serves several input channels. */
  readonly inputs: ChannelAxis | null
}

/** The layer that `node` is, or null where it is no Conv or Gemm with constant float32 weights of its own. */
export function layerOf(document: ReadonlyDocument, graph: Graph, node: Node): Layer | null {
  if (!sameDomain(node.domain, '') || (node.opType !== 'Conv' && node.opType !== 'Gemm')) return null
  const own = (name: string | undefined) => {
    const tensor = name === undefined || name === '' ? null : constantTensor(document, graph, name)
    return tensor && isFloat32(tensor) && isReadable(tensor) && document.uses(graph, tensor.name).length === 1 ? tensor : null
  }
  const weight = own(node.inputs[1])
  const hasBias = (node.inputs[2] ?? '') !== ''
  const bias = hasBias ? own(node.inputs[2]) : null
  if (!weight || (hasBias && !bias)) return null
  const axes = node.opType === 'Conv' ? convAxes(node, weight) : gemmAxes(node, weight)
  if (!axes || (bias && (bias.dims.length !== 1 || bias.dims[0] !== axes.outputs.count))) return null
  return { node, weight, bias, ...axes }
}

function convAxes(node: Node, { dims }: Tensor): Pick<Layer, 'outputs' | 'inputs'> | null {
  const [outputs = 0, perGroup = 0] = dims
  if (dims.length < 3) return null
  const kernel = product(dims.slice(2))
  const groups = intAttribute(node, 'group', 1)
  const isDepthwise = perGroup === 1 && groups > 1
  const inputs = groups === 1 ? { count: perGroup, inner: kernel } : isDepthwise ? { count: groups, inner: (outputs / groups) * kernel } : null
  return { outputs: { count: outputs, inner: perGroup * kernel }, inputs }
}

function gemmAxes(node: Node, { dims }: Tensor): Pick<Layer, 'outputs' | 'inputs'> | null {
  const [rows = 0, columns = 0] = dims
  if (dims.length !== 2 || intAttribute(node, 'transA', 0) !== 0) return null
  const first = { count: rows, inner: columns }
  const second = { count: columns, inner: 1 }
  return intAttribute(node, 'transB', 0) !== 0 ? { outputs: first, inputs: second } : { outputs: second, inputs: first }
}

/** The largest magnitude in each channel. */
export function channelPeaks(values: Float32Array, { count, inner }: ChannelAxis): Float64Array {
  const peaks = new Float64Array(count)
  for (let at = 0; at < values.length; at++) {
    const channel = Math.floor(at / inner) % count
    peaks[channel] = Math.max(peaks[channel] as number, Math.abs(values[at] as number))
  }
  return peaks
}

/** Multiplies each channel by its factor, in place. */
export function scaleChannels(values: Float32Array, { count, inner }: ChannelAxis, factors: Float64Array): void {
  for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) * (factors[Math.floor(at / inner) % count] as number)
}

function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1)
}
