import { z } from 'zod'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { definePass } from './pass'
import { type ChannelRange, findLayerPairs, type LayerPair, observeRanges } from './recovery/layer-pairs'
import { channelPeaks, type Layer, scaleChannels } from './recovery/layer-weights'
import { floatValues } from './weight-store'

/** Equalizing a chain of layers pair by pair settles within a few rounds. */
const ROUNDS = 20
const SETTLED = 1e-3
/** What samples that were not seen may exceed the peaks of those that were by. */
const HEADROOM = 1.1

export const equalizeLayers = definePass({
  name: 'equalize-layers',
  title: 'Equalize layers',
  description: 'Scales channels between neighbouring Conv or Gemm so that weights have similar ranges on both sides. The model computes the same and loses less in int8, most of all with one scale per weight.',
  calibration: 'optional',
  keepsResults: true,
  options: z.strictObject({
    absorbHighBias: z.boolean().default(true).describe('Move the part of a channel that is above zero in every sample on into the next bias, so that activations take a smaller range. Needs calibration data.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(128).describe('At most so many calibration samples are looked at.'),
  }),
  /**
   * Cross-layer equalization and high-bias absorption after Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
   * Correction" (2019), sections 4.1 and 4.1.3. Unlike there, Clip stays where it is: only channels that never reach its bound are
   * scaled, and never so far that they would; and what is absorbed is the smallest value seen, not an estimate.
   */
  async run(edit, { absorbHighBias, calibrationSamples }, context) {
    const pairs = findLayerPairs(edit.document, edit.main)
    if (pairs.length === 0) return
    const weights = new LayerValues()
    const ranges = await observeRanges(edit.document, pairs, { observer: context, limit: calibrationSamples })
    let isSettled = false
    for (let round = 0; round < ROUNDS && !isSettled; round++) {
      isSettled = true
      for (const pair of pairs) if (equalize(pair, weights, ranges.get(pair.first.node.id)) > SETTLED) isSettled = false
    }
    if (absorbHighBias) for (const pair of pairs) absorb(pair, weights, ranges.get(pair.first.node.id))
    weights.write(edit, edit.main)
  },
})

/** Gives both sides of each channel the same peak; returns the largest change, as |log factor|. */
function equalize({ first, second, bound }: LayerPair, weights: LayerValues, range: ChannelRange | undefined): number {
  if (bound !== null && !range) return 0
  const before = channelPeaks(weights.weight(first), first.outputs)
  const after = channelPeaks(weights.weight(second), second.inputs)
  const factors = before.map((peak, channel) => {
    const following = after[channel] as number
    if (peak === 0 || following === 0) return 1
    const factor = Math.sqrt(following / peak)
    if (bound === null || !range) return factor
    // A channel that reaches the bound is cut off there, which no factor passes through.
    const most = bound / (HEADROOM * Math.max(range.max[channel] as number, 0))
    return most <= 1 ? 1 : Math.min(factor, most)
  })
  const largest = factors.reduce((found, factor) => Math.max(found, Math.abs(Math.log(factor))), 0)
  if (largest <= SETTLED) return largest
  scaleChannels(weights.weight(first), first.outputs, factors)
  if (first.bias) scaleChannels(weights.bias(first), { count: factors.length, inner: 1 }, factors)
  scaleChannels(weights.weight(second), second.inputs, factors.map((factor) => 1 / factor))
  if (range) {
    for (const limits of [range.min, range.max]) for (let at = 0; at < limits.length; at++) limits[at] = (limits[at] as number) * (factors[at] as number)
  }
  return largest
}

/** Takes from each channel what every sample had, and gives it to the next layer's bias: Relu(x) = Relu(x − c) + c where x ≥ c ≥ 0. */
function absorb({ first, second, bound, canAbsorb }: LayerPair, weights: LayerValues, range: ChannelRange | undefined): void {
  if (!canAbsorb || !range) return
  // The share of the smallest value that samples not seen are taken to have too.
  const absorbed = range.min.map((least, channel) => (bound !== null && (range.max[channel] as number) * HEADROOM > bound ? 0 : Math.max(0, Math.min(least, Infinity)) / HEADROOM))
  if (absorbed.every((value) => value === 0 || !Number.isFinite(value))) return
  const alpha = gemmFactor(second.node, 'alpha') / gemmFactor(second.node, 'beta')
  const before = weights.bias(first)
  const beta = gemmFactor(first.node, 'beta')
  absorbed.forEach((value, channel) => (before[channel] = (before[channel] as number) - value / beta))
  const after = weights.bias(second)
  const moved = Float64Array.from(after)
  const values = weights.weight(second)
  for (let at = 0; at < values.length; at++) {
    const output = Math.floor(at / second.outputs.inner) % second.outputs.count
    const input = Math.floor(at / second.inputs.inner) % second.inputs.count
    moved[output] = (moved[output] as number) + alpha * (values[at] as number) * (absorbed[input] as number)
  }
  after.set(moved)
}

function gemmFactor(node: Node, name: 'alpha' | 'beta'): number {
  const known = node.opType === 'Gemm' ? node.attributes.find((attribute) => attribute.name === name) : undefined
  return known?.type === 'float' ? known.value : 1
}

/** Weights and biases while they change, and what of them has to be written back. */
class LayerValues {
  readonly #weights = new Map<number, { layer: Layer; values: Float32Array }>()
  readonly #biases = new Map<number, { layer: Layer; values: Float32Array }>()

  weight(layer: Layer): Float32Array {
    return this.#values(this.#weights, layer, () => floatValues(layer.weight).slice())
  }

  /** Zeros where the layer has none. */
  bias(layer: Layer): Float32Array {
    return this.#values(this.#biases, layer, () => (layer.bias ? floatValues(layer.bias).slice() : new Float32Array(layer.outputs.count)))
  }

  #values(known: Map<number, { layer: Layer; values: Float32Array }>, layer: Layer, read: () => Float32Array): Float32Array {
    const { values } = known.get(layer.node.id) ?? { values: read() }
    known.set(layer.node.id, { layer, values })
    return values
  }

  write(edit: Edit, graph: Graph): void {
    for (const { layer, values } of this.#weights.values()) {
      if (isEqual(values, floatValues(layer.weight))) continue
      edit.setInitializer(graph, rawTensor(layer.weight.name, 'float32', layer.weight.dims, bytesOf(values)))
    }
    for (const { layer, values } of this.#biases.values()) {
      if (isEqual(values, layer.bias ? floatValues(layer.bias) : new Float32Array(values.length))) continue
      const name = layer.bias?.name ?? edit.freshName(graph, `${layer.weight.name}.bias`)
      edit.setInitializer(graph, rawTensor(name, 'float32', [values.length], bytesOf(values)))
      if (!layer.bias) edit.setInput(graph, layer.node, 2, name)
    }
  }
}

function isEqual(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, at) => value === b[at])
}
