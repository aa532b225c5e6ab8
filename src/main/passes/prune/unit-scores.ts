/** How much each channel matters, by its weights or by what calibration data shows. */
import type { ModelDocument } from '#shared/onnx/document'
import type { Tensor } from '#shared/onnx/records'
import { constantTensor } from '../constants'
import { float32Numbers, observe, type Observer } from '../recovery/observe'
import { snapshotModel } from '../recovery/snapshot-model'
import { isFloat32 } from '../constants'
import { floatValues } from '../weight-store'
import type { ChannelGraph, ChannelGroup } from './channel-graph'
import type { ChannelMap } from './channel-space'
import type { LayerAxes } from './trace'

export const IMPORTANCE = ['l1', 'l2', 'batch-normalization', 'activation', 'reconstruction'] as const
export type Importance = (typeof IMPORTANCE)[number]

/** For each group, one score for each of its units; within a group they add up to 1, so that groups can be compared. */
export type UnitScores = readonly Float64Array[]

export interface ScoreOptions {
  readonly method: Importance
  readonly context: Observer
  /** At most so many calibration samples. */
  readonly limit: number
}

/**
 * `l1`, `l2`: the mean size of the weights that make a channel (Li et al. 2017). `batch-normalization`: the scale behind it (Liu et al. 2017),
 * where there is one, else `l2`. `activation`: the mean size of what its readers get. `reconstruction`: the part of its
 * readers' outputs that it gives, E[x²]·‖w‖², as if channels were independent (He et al. 2017).
 *
 * Throws AppError `invalid-data` where a method needs samples and there are none.
 */
export async function scoreUnits(document: ModelDocument, graph: ChannelGraph, { method, context, limit }: ScoreOptions): Promise<UnitScores> {
  const isObserved = method === 'activation' || method === 'reconstruction'
  const moments = isObserved ? await inputMoments(document, graph, { context, limit }) : null
  return graph.groups.map((group) => {
    const scores = new Float64Array(group.units.length)
    const add = (map: ChannelMap | null, values: Float64Array | null) => addByUnit(graph, group, { map, values, scores })
    if (moments) for (const layer of group.consumers) add(layer.input, observedScores(document, graph, layer, { method, moments }))
    if (!scores.some((score) => score > 0)) for (const layer of group.producers) add(layer.output, weightScores(document, graph, layer, method))
    return normalized(scores)
  })
}

interface Sum {
  readonly map: ChannelMap | null
  /** One for each index of the map. */
  readonly values: Float64Array | null
  readonly scores: Float64Array
}

/** Each layer has the same say, however large its numbers are. */
function addByUnit({ trace }: ChannelGraph, group: ChannelGroup, { map, values, scores }: Sum): void {
  if (!map || !values) return
  const places = new Map(group.units.map((unit, at) => [unit, at]))
  const own = new Float64Array(scores.length)
  for (const [at, channel] of map.entries()) {
    const place = places.get(trace.space.root(channel))
    if (place !== undefined) own[place] = (own[place] as number) + (values[at] as number)
  }
  const total = own.reduce((sum, value) => sum + value, 0)
  if (total > 0 && Number.isFinite(total)) for (let at = 0; at < own.length; at++) scores[at] = (scores[at] as number) + (own[at] as number) / total
}

function normalized(scores: Float64Array): Float64Array {
  const total = scores.reduce((sum, score) => sum + score, 0)
  return total > 0 && Number.isFinite(total) ? scores.map((score) => score / total) : scores.map(() => 1 / scores.length)
}

function weightScores(document: ModelDocument, graph: ChannelGraph, { node, weight, outputAxis }: LayerAxes, method: Importance): Float64Array | null {
  const tensor = floatTensor(document, graph, weight)
  if (!tensor) return null
  if (method === 'batch-normalization') {
    const scale = normalizationScale(document, graph, node.outputs[0] ?? '')
    if (scale) return Float64Array.from(scale, Math.abs)
  }
  return axisNorms(tensor, outputAxis, method === 'l1' ? Math.abs : (value) => value * value).map((sum) => (method === 'l1' ? sum : Math.sqrt(sum)))
}

function normalizationScale(document: ModelDocument, { trace }: ChannelGraph, name: string): Float32Array | null {
  const reader = document.index(trace.graph).consumers(name).find(({ opType }) => opType === 'BatchNormalization')
  const tensor = reader ? constantTensor(document, trace.graph, reader.inputs[1] ?? '') : null
  return tensor && isFloat32(tensor) ? floatValues(tensor) : null
}

function floatTensor(document: ModelDocument, { trace }: ChannelGraph, name: string): Tensor | null {
  const tensor = constantTensor(document, trace.graph, name)
  return tensor && isFloat32(tensor) ? tensor : null
}

/** Sum over everything else of `size(value)`, for each index of one axis. */
export function axisNorms(tensor: Tensor, axis: number, size: (value: number) => number): Float64Array {
  const count = tensor.dims[axis] ?? 1
  const inner = tensor.dims.slice(axis + 1).reduce((total, dim) => total * dim, 1)
  const sums = new Float64Array(count)
  for (const [at, value] of floatValues(tensor).entries()) {
    const index = Math.floor(at / inner) % count
    sums[index] = (sums[index] as number) + size(value)
  }
  return sums
}

interface Moments {
  readonly magnitudes: Float64Array
  readonly squares: Float64Array
}

function observedScores(document: ModelDocument, graph: ChannelGraph, { node, weight, inputAxis }: LayerAxes, { method, moments }: { method: Importance; moments: ReadonlyMap<string, Moments> }): Float64Array | null {
  const seen = moments.get(node.inputs[0] ?? '')
  if (!seen || inputAxis === null) return null
  if (method === 'activation') return seen.magnitudes
  const tensor = floatTensor(document, graph, weight)
  return tensor ? axisNorms(tensor, inputAxis, (value) => value * value).map((norm, at) => norm * (seen.squares[at] ?? 0)) : null
}

/** Mean |x| and x² of each channel of what readers of free groups get. */
async function inputMoments(document: ModelDocument, { trace, groups }: ChannelGraph, { context, limit }: { context: Observer; limit: number }): Promise<Map<string, Moments>> {
  const readers = new Map<string, { axis: number; channels: number }>()
  for (const { lock, consumers } of groups) {
    for (const { node, input, inputAxis } of lock ? [] : consumers) {
      const name = node.inputs[0] ?? ''
      if (inputAxis === null || !input || trace.isConstant(name)) continue
      const rank = trace.shape(name)?.length
      if (rank !== undefined) readers.set(name, { axis: channelAxis(node.opType, rank), channels: input.length })
    }
  }
  const moments = new Map([...readers].map(([name, { channels }]): [string, Moments] => [name, { magnitudes: new Float64Array(channels), squares: new Float64Array(channels) }]))
  if (readers.size === 0) return moments
  await observe(snapshotModel(document), context, { names: [...readers.keys()], limit }, (values) => {
    for (const [name, { axis, channels }] of readers) {
      const value = values.get(name)
      const seen = moments.get(name)
      if (!seen || value?.dims[axis] !== channels) continue
      addMoments(float32Numbers(value), value.dims.slice(axis + 1).reduce((total, dim) => total * dim, 1), seen)
    }
  })
  return moments
}

function addMoments(numbers: Float32Array, inner: number, { magnitudes, squares }: Moments): void {
  const channels = magnitudes.length
  for (let block = 0, at = 0; at < numbers.length; block++) {
    let [magnitude, square] = [0, 0]
    for (const end = at + inner; at < end; at++) {
      const value = numbers[at] as number
      magnitude += Math.abs(value)
      square += value * value
    }
    const channel = block % channels
    magnitudes[channel] = (magnitudes[channel] as number) + magnitude
    squares[channel] = (squares[channel] as number) + square
  }
}

/** The axis of a layer's input that its weight's input channels are read along. */
export function channelAxis(opType: string, rank: number): number {
  return opType === 'Conv' || opType === 'ConvTranspose' ? 1 : rank - 1
}
