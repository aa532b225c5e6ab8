/** Convolutions and poolings: `[N, C, …spatial]`, or `[N, …spatial, C]` where the op is channels-last. */
import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { dimsOfRank, multiplyDims, type Shape, unknownDims } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

const { int32, int64 } = DATA_TYPES

interface Window {
  /** Extent of the kernel with its dilation. */
  readonly extent: Dim
  readonly stride: number
  readonly padBegin: number
  readonly padEnd: number
  readonly autoPad: string
  readonly ceil: boolean
}

function windowOf(node: NodeContext, kernel: Shape, axis: number): Window {
  const size = kernel[axis] ?? null
  const dilation = node.ints('dilations')?.[axis] ?? 1
  const pads = node.ints('pads')
  return {
    extent: typeof size === 'number' ? (size - 1) * dilation + 1 : null,
    stride: node.ints('strides')?.[axis] ?? 1,
    padBegin: pads?.[axis] ?? 0,
    padEnd: pads?.[axis + kernel.length] ?? 0,
    autoPad: node.string('auto_pad') ?? 'NOTSET',
    ceil: node.int('ceil_mode', 0) !== 0,
  }
}

/** Output size of one spatial axis of a convolution or pooling. */
function slide(dim: Dim, { extent, stride, padBegin, padEnd, autoPad, ceil }: Window): Dim {
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    return typeof dim === 'number' ? Math.ceil(dim / stride) : stride === 1 ? dim : null
  }
  if (typeof extent !== 'number') return null
  const padding = autoPad === 'VALID' ? 0 : padBegin + padEnd
  if (typeof dim !== 'number') return stride === 1 && padding === extent - 1 ? dim : null
  const steps = (dim + padding - extent) / stride
  if (!ceil) return Math.max(0, Math.floor(steps) + 1)
  const size = Math.ceil(steps) + 1
  // A window that would start in the padding at the end does not count.
  return Math.max(0, (size - 1) * stride >= dim + (autoPad === 'VALID' ? 0 : padBegin) ? size - 1 : size)
}

interface ConvInputs {
  readonly weight: number
  readonly dataType: number
}

/** W [M, C / group, …kernel] */
function convolve(node: NodeContext, { weight, dataType }: ConvInputs): Fact[] {
  const channelsLast = node.int('channels_last', 0) !== 0
  const [x, w] = [node.shape(0), node.shape(weight)]
  const rank = x?.length ?? w?.length
  if (rank === undefined || rank < 2) return [tensorFact(dataType, null)]
  const kernel = w?.slice(2) ?? node.ints('kernel_shape') ?? unknownDims(rank - 2)
  const spatialIn = x ? (channelsLast ? x.slice(1, -1) : x.slice(2)) : unknownDims(rank - 2)
  const spatial = spatialIn.map((dim, axis) => slide(dim, windowOf(node, kernel, axis)))
  const [batch, channels] = [x?.[0] ?? null, w?.[0] ?? null]
  return [tensorFact(dataType, channelsLast ? [batch, ...spatial, channels] : [batch, channels, ...spatial])]
}

/** W [C, M / group, …kernel] */
function convTranspose(node: NodeContext): Fact[] {
  const [x, w] = [node.shape(0), node.shape(1)]
  const rank = x?.length ?? w?.length
  if (rank === undefined || rank < 2) return [tensorFact(node.dataType(0), null)]
  const spatialRank = rank - 2
  const kernel = w?.slice(2) ?? node.ints('kernel_shape') ?? unknownDims(spatialRank)
  // ONNX asks for the spatial sizes only; some exporters write the whole shape.
  const stated = node.ints('output_shape')?.slice(-spatialRank)
  const extra = node.ints('output_padding')
  const spatial = Array.from({ length: spatialRank }, (_, axis): Dim => {
    if (stated?.[axis] !== undefined) return stated[axis]
    const window = windowOf(node, kernel, axis)
    const dim = x?.[axis + 2] ?? null
    if (window.autoPad.startsWith('SAME')) return multiplyDims(dim, window.stride)
    if (typeof dim !== 'number' || typeof window.extent !== 'number') return null
    const padding = window.autoPad === 'VALID' ? 0 : window.padBegin + window.padEnd
    return window.stride * (dim - 1) + (extra?.[axis] ?? 0) + window.extent - padding
  })
  return [tensorFact(node.dataType(0), [x?.[0] ?? null, multiplyDims(w?.[1] ?? null, node.int('group', 1)), ...spatial])]
}

function pooled(node: NodeContext): Shape | null {
  const x = node.shape(0)
  const kernel = node.ints('kernel_shape')
  if (!x || !kernel) return null
  const channelsLast = node.int('channels_last', 0) !== 0 || node.node.opType.startsWith('Nhwc')
  const spatial = (channelsLast ? x.slice(1, -1) : x.slice(2)).map((dim, axis) => slide(dim, windowOf(node, kernel, axis)))
  const [batch = null] = x
  return channelsLast ? [batch, ...spatial, x.at(-1) ?? null] : [batch, x[1] ?? null, ...spatial]
}

function pool(node: NodeContext): Fact[] {
  const dims = pooled(node)
  return [tensorFact(node.dataType(0), dims), tensorFact(int64.code, dims)]
}

function globalPool(node: NodeContext): Fact[] {
  const x = node.shape(0)
  const channelsLast = node.int('channels_last', 0) !== 0
  const kept = (axis: number) => axis === 0 || axis === (channelsLast ? (x?.length ?? 0) - 1 : 1)
  return [tensorFact(node.dataType(0), x?.map((dim, axis) => (kept(axis) ? dim : 1)) ?? null)]
}

function maxUnpool(node: NodeContext): Fact[] {
  const x = node.shape(0)
  const kernel = node.ints('kernel_shape')
  if (node.has(2)) return [tensorFact(node.dataType(0), node.elements(2) ?? (x ? unknownDims(x.length) : null))]
  if (!x || !kernel) return [tensorFact(node.dataType(0), null)]
  const spatial = x.slice(2).map((dim, axis): Dim => {
    const { extent, stride, padBegin, padEnd } = windowOf(node, kernel, axis)
    return typeof dim === 'number' && typeof extent === 'number' ? (dim - 1) * stride - padBegin - padEnd + extent : null
  })
  return [tensorFact(node.dataType(0), [x[0] ?? null, x[1] ?? null, ...spatial])]
}

/** [N, C·∏block, L] → [N, C, …image] */
function col2Im(node: NodeContext): Fact[] {
  const x = node.shape(0)
  const [image, block] = [node.elements(1), node.numbers(2)]
  const count = block?.reduce((product, size) => product * size, 1)
  const channels = typeof x?.[1] === 'number' && count ? x[1] / count : null
  const spatial = image ?? dimsOfRank(node.shape(1)?.[0])
  return [tensorFact(node.dataType(0), spatial && [x?.[0] ?? null, channels, ...spatial])]
}

const conv: Rule = (node) => convolve(node, { weight: 1, dataType: node.dataType(0) })
const convInteger: Rule = (node) => convolve(node, { weight: 1, dataType: int32.code })
/** x, its scale and zero point, then w … then the output's scale and zero point, which gives the type. */
const qlinearConv: Rule = (node) => convolve(node, { weight: 3, dataType: node.dataType(7) || node.dataType(0) })

export const convPoolRules: RuleTable = {
  Conv: conv,
  ConvInteger: convInteger,
  QLinearConv: qlinearConv,
  DeformConv: conv,
  ConvTranspose: convTranspose,
  'com.microsoft:FusedConv': conv,
  'com.microsoft:QLinearConv': qlinearConv,
  'com.microsoft:NhwcMaxPool': pool,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  'com.microsoft:QLinearAveragePool': pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  'com.microsoft:QLinearGlobalAveragePool': globalPool,
  MaxUnpool: maxUnpool,
  Col2Im: col2Im,
}
