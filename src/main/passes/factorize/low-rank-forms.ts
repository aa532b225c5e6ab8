/** The ways in which a layer is written as a product of smaller ones. Each computes features of the patch; the last stage is fitted. */
import { makeInts } from '#shared/onnx/attributes'
import type { Attribute } from '#shared/onnx/records'
import { eigenSymmetric, type Eigenpairs } from '../../runtime/eigen-symmetric'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import { type Fit, fitLast, type ObservedLayer, transpose } from './fit'
import { type ConvWindow, outputSizes, padsFor } from './linear-layer'
import type { Replacement, Stage, Weights } from './replacement'

export const FORMS = ['channels', 'spatial', 'tucker'] as const
export type FormName = (typeof FORMS)[number]

/** Kernels compute in blocks of eight channels. */
const RANK_STEP = 8
/** Patches wider than this take too long to fit other forms than `channels` to. */
const WIDEST_REFIT = 2304

export interface Candidate {
  readonly form: FormName | 'decoupled'
  readonly ranks: readonly number[]
  /** Multiply-accumulates for the layer's input in the first sample. */
  readonly macs: number
  readonly error: number
  readonly replacement: Replacement
}

/** One form of a layer at any size. */
export interface Form {
  readonly name: FormName
  /** Ranks at `level` 0 … 1 of full rank; never below one step. */
  macs(level: number): number
  candidate(level: number): Promise<Candidate>
}

export async function lowRankForms(observed: ObservedLayer, names: readonly FormName[], products: MatrixProducts): Promise<Form[]> {
  const { layer } = observed
  const forms: Form[] = []
  if (names.includes('channels')) forms.push(await channelsForm(observed, products))
  const { window } = layer
  const isSpatial = window !== null && window.kernel.length === 2 && window.kernel.every((size) => size > 1) && layer.columns <= WIDEST_REFIT
  // Pads that depend on the input's size have no fixed numbers.
  const hasFixedPads = window !== null && (window.pads !== null || window.strides.every((stride) => stride === 1))
  if (window && isSpatial && hasFixedPads && names.includes('spatial')) forms.push(await spatialForm(observed, window, products))
  if (window && isSpatial && names.includes('tucker')) forms.push(await tuckerForm(observed, window, products))
  return forms
}

export function layerMacs({ layer: { rows, columns, window }, inputDims }: ObservedLayer): number {
  return positions(inputDims, window) * rows * columns
}

function positions(inputDims: readonly number[], window: ConvWindow | null): number {
  const sizes = window ? outputSizes(window, inputDims.slice(2)) : inputDims.slice(1, -1)
  return sizes.reduce((product, size) => product * size, inputDims[0] ?? 1)
}

function rankAt(level: number, full: number): number {
  return Math.min(full, Math.max(RANK_STEP, Math.round((level * full) / RANK_STEP) * RANK_STEP))
}

function stepsUpTo(rank: number): number {
  return Math.ceil(rank / RANK_STEP) * RANK_STEP
}

/**
 * The layer with fewer output channels, then a 1×1 Conv or a product to all of them: the output's principal components (Zhang et al.,
 * "Accelerating Very Deep Convolutional Networks", 2016). For products and 1×1 Conv it is the SVD weighted by the input's covariance.
 */
async function channelsForm(observed: ObservedLayer, products: MatrixProducts): Promise<Form> {
  const { layer, image, weights, energy, inputDims } = observed
  const { rows, columns, window } = layer
  const full = Math.min(rows, columns)
  const output = await products.transposedProduct64(transpose(image, rows, columns), transpose(weights, rows, columns), { inner: columns, rows, columns: rows })
  // More than half of the rank is never cheaper.
  const pairs = await eigenSymmetric(products, output.slice(), { size: rows, count: stepsUpTo(full / 2) })
  const limited = (level: number) => Math.min(rankAt(level, full), pairs.values.length)
  const macs = (level: number) => positions(inputDims, window) * limited(level) * (columns + rows)
  return {
    name: 'channels',
    macs,
    async candidate(level) {
      const rank = limited(level)
      const vectors = pairs.vectors.slice(0, rank * rows)
      const features = (await products.transposedProduct64(transpose(vectors, rank, rows), weights, { inner: rows, rows: rank, columns })).slice()
      const fit = await fitLast(observed, features, rank, products)
      const captured = pairs.values.slice(0, rank).reduce((sum, value) => sum + value, 0)
      const error = Math.min(fit.error, Math.sqrt(Math.max(0, 1 - captured / energy)))
      return { form: 'channels', ranks: [rank], macs: macs(level), error, replacement: channelsReplacement(observed, features, rank, fit) }
    },
  }
}

function channelsReplacement({ layer }: ObservedLayer, features: Float64Array, rank: number, { last, bias }: Fit): Replacement {
  const { rows, columns, window, node, weight } = layer
  const first = Float32Array.from(features)
  if (window) {
    return chain([
      { opType: 'Conv', attributes: node.attributes, weights: { dims: [rank, ...weight.dims.slice(1)], values: first } },
      { opType: 'Conv', attributes: pointwise(window), weights: { dims: [rows, rank, ...window.kernel.map(() => 1)], values: last }, bias },
    ])
  }
  return chain([
    // Before opset 11 a Gemm must have a bias.
    { opType: 'MatMul', attributes: [], weights: { dims: [columns, rank], values: Float32Array.from(transpose(features, rank, columns)) } },
    { opType: node.opType, attributes: [], weights: { dims: [rank, rows], values: Float32Array.from(transpose(Float64Array.from(last), rows, rank)) }, bias },
  ])
}

/** k×1, then 1×k (Jaderberg et al. 2014): the SVD of the weights as [input channel · kernel row, output channel · kernel column]. */
async function spatialForm(observed: ObservedLayer, window: ConvWindow, products: MatrixProducts): Promise<Form> {
  const { layer, weights, inputDims } = observed
  const { rows, columns } = layer
  const [height = 1, width = 1] = window.kernel
  const channels = columns / (height * width)
  const size = channels * height
  const sizes = inputDims.slice(2)
  const full = Math.min(size, rows * width)
  const scales = channelScales(observed, channels)
  // A [rows · width, channels · height], scaled by how strong each input channel is.
  const unfolded = new Float64Array(rows * width * size)
  for (let at = 0; at < weights.length; at++) {
    const [row, channel, y, x] = [Math.floor(at / columns), Math.floor((at % columns) / (height * width)), Math.floor(at / width) % height, at % width]
    unfolded[(row * width + x) * size + channel * height + y] = (weights[at] as number) * (scales[channel] as number)
  }
  const gram = await products.transposedProduct64(unfolded, unfolded, { inner: rows * width, rows: size, columns: size })
  const pairs = await eigenSymmetric(products, gram.slice(), { size, count: stepsUpTo(full / 2) })
  const limited = (level: number) => Math.min(rankAt(level, full), pairs.values.length)
  const macs = (level: number) => {
    const [outHeight = 1] = outputSizes(window, sizes)
    return limited(level) * ((inputDims[0] ?? 1) * outHeight * (sizes[1] ?? 1) * size + positions(inputDims, window) * rows * width)
  }
  return {
    name: 'spatial',
    macs,
    async candidate(level) {
      const rank = limited(level)
      const vertical = Float64Array.from({ length: rank * size }, (_, at) => (pairs.vectors[at] as number) / (scales[Math.floor((at % size) / height)] as number))
      // Feature (ρ, x) is filter ρ at kernel column x.
      const features = new Float64Array(rank * width * columns)
      for (let filter = 0; filter < rank; filter++) {
        for (let x = 0; x < width; x++) {
          for (let part = 0; part < size; part++) features[(filter * width + x) * columns + part * width + x] = vertical[filter * size + part] as number
        }
      }
      const fit = await fitLast(observed, features, rank * width, products)
      const replacement = chain([
        { opType: 'Conv', attributes: along(window, sizes, 0), weights: { dims: [rank, channels, height, 1], values: Float32Array.from(vertical) } },
        { opType: 'Conv', attributes: along(window, sizes, 1), weights: { dims: [rows, rank, 1, width], values: fit.last }, bias: fit.bias },
      ])
      return { form: 'spatial', ranks: [rank], macs: macs(level), error: fit.error, replacement }
    },
  }
}

/** 1×1 to fewer channels, the kernel there, 1×1 back (Tucker-2, Kim et al. 2016); the output's side are its principal components. */
async function tuckerForm(observed: ObservedLayer, window: ConvWindow, products: MatrixProducts): Promise<Form> {
  const { layer, weights, image, inputDims } = observed
  const { rows, columns, node } = layer
  const kernel = window.kernel.reduce((product, size) => product * size, 1)
  const channels = columns / kernel
  const scales = channelScales(observed, channels)
  const outputs = await halfOf(products, await products.transposedProduct64(transpose(image, rows, columns), transpose(weights, rows, columns), { inner: columns, rows, columns: rows }), rows)
  // [rows · kernel, channels]
  const byChannel = Float64Array.from({ length: weights.length }, (_, at) => {
    const [row, position, channel] = [Math.floor(at / columns), Math.floor(at / channels) % kernel, at % channels]
    return (weights[row * columns + channel * kernel + position] as number) * (scales[channel] as number)
  })
  const inputs = await halfOf(products, await products.transposedProduct64(byChannel, byChannel, { inner: rows * kernel, rows: channels, columns: channels }), channels)
  const ranks = (level: number): [number, number] => [Math.min(rankAt(level, channels), inputs.values.length), Math.min(rankAt(level, rows), outputs.values.length)]
  const macs = (level: number) => {
    const [less, kept] = ranks(level)
    const whole = inputDims.slice(2).reduce((product, size) => product * size, inputDims[0] ?? 1)
    return whole * channels * less + positions(inputDims, window) * (kept * less * kernel + rows * kept)
  }
  return {
    name: 'tucker',
    macs,
    async candidate(level) {
      const [less, kept] = ranks(level)
      const { squeeze, core, features } = await tuckerParts({ inputs, outputs, weights, scales, sizes: { rows, channels, kernel, less, kept } }, products)
      const fit = await fitLast(observed, features, kept, products)
      const replacement = chain([
        { opType: 'Conv', attributes: pointwise(window), weights: { dims: [less, channels, ...window.kernel.map(() => 1)], values: Float32Array.from(squeeze) } },
        { opType: 'Conv', attributes: node.attributes, weights: { dims: [kept, less, ...window.kernel], values: Float32Array.from(core) } },
        { opType: 'Conv', attributes: pointwise(window), weights: { dims: [rows, kept, ...window.kernel.map(() => 1)], values: fit.last }, bias: fit.bias },
      ])
      return { form: 'tucker', ranks: [less, kept], macs: macs(level), error: fit.error, replacement }
    },
  }
}

interface TuckerNeeds {
  readonly inputs: Eigenpairs
  readonly outputs: Eigenpairs
  readonly weights: Float64Array
  readonly scales: Float64Array
  readonly sizes: { readonly rows: number; readonly channels: number; readonly kernel: number; readonly less: number; readonly kept: number }
}

/** squeeze [less, channels], core [kept, less, kernel], and what both compute of a patch: features [kept, channels · kernel]. */
async function tuckerParts({ inputs, outputs, weights, scales, sizes: { rows, channels, kernel, less, kept } }: TuckerNeeds, products: MatrixProducts): Promise<{ squeeze: Float64Array; core: Float64Array; features: Float64Array }> {
  const columns = channels * kernel
  const projected = await products.transposedProduct64(transpose(outputs.vectors.slice(0, kept * rows), kept, rows), weights, { inner: rows, rows: kept, columns })
  // With channels scaled by s, W·s ≈ (W·s)·Pᵀ·P: the core takes s·Pᵀ, squeezing P / s.
  const squeeze = Float64Array.from({ length: less * channels }, (_, at) => (inputs.vectors[at] as number) / (scales[at % channels] as number))
  const spread = Float64Array.from({ length: less * channels }, (_, at) => (inputs.vectors[at] as number) * (scales[at % channels] as number))
  const core = new Float64Array(kept * less * kernel)
  const features = new Float64Array(kept * columns)
  for (let output = 0; output < kept; output++) {
    for (let input = 0; input < less; input++) {
      for (let channel = 0; channel < channels; channel++) {
        const factor = spread[input * channels + channel] as number
        for (let position = 0; position < kernel; position++) {
          const at = (output * less + input) * kernel + position
          core[at] = (core[at] as number) + factor * (projected[output * columns + channel * kernel + position] as number)
        }
      }
    }
    for (let input = 0; input < less; input++) {
      for (let channel = 0; channel < channels; channel++) {
        const factor = squeeze[input * channels + channel] as number
        for (let position = 0; position < kernel; position++) {
          const at = output * columns + channel * kernel + position
          features[at] = (features[at] as number) + factor * (core[(output * less + input) * kernel + position] as number)
        }
      }
    }
  }
  return { squeeze, core, features }
}

async function halfOf(products: MatrixProducts, gram: Float64Array, size: number): Promise<Eigenpairs> {
  return eigenSymmetric(products, gram.slice(), { size, count: stepsUpTo(size * 0.75) })
}

/** Root mean square of each input channel over its kernel positions; of those that are hardly ever active a thousandth of the largest. */
export function channelScales({ covariance, mean, layer: { columns } }: ObservedLayer, channels: number): Float64Array {
  const kernel = columns / channels
  const scales = new Float64Array(channels)
  for (let column = 0; column < columns; column++) {
    const channel = Math.floor(column / kernel)
    scales[channel] = (scales[channel] as number) + ((covariance[column * columns + column] as number) + (mean[column] as number) ** 2) / kernel
  }
  const least = 1e-6 * Math.max(...scales)
  return scales.map((square) => Math.sqrt(Math.max(square, least, Number.MIN_VALUE)))
}

/** The window's attributes along one axis only. */
function along(window: ConvWindow, sizes: readonly number[], axis: 0 | 1): Attribute[] {
  const pads = padsFor(window, sizes)[axis] ?? { before: 0, after: 0 }
  const only = (value: number, other: number) => (axis === 0 ? [value, other] : [other, value])
  return [
    makeInts('kernel_shape', only(window.kernel[axis] ?? 1, 1)),
    makeInts('strides', only(window.strides[axis] ?? 1, 1)),
    makeInts('dilations', only(window.dilations[axis] ?? 1, 1)),
    makeInts('pads', [...only(pads.before, 0), ...only(pads.after, 0)]),
  ]
}

export function pointwise({ kernel }: ConvWindow): Attribute[] {
  return [makeInts('kernel_shape', kernel.map(() => 1))]
}

interface Link {
  readonly opType: string
  readonly attributes: readonly Attribute[]
  readonly weights: Weights
  readonly bias?: Float32Array | null
}

function chain(links: readonly Link[]): Replacement {
  const weights = new Map<string, Weights>()
  const stages = links.map((link, at): Stage => {
    const weight = `weight${at + 1}`
    weights.set(weight, link.weights)
    const inputs = [at === 0 ? 'x' : `part${at}`, weight]
    if (link.bias) {
      weights.set('bias', { dims: [link.bias.length], values: link.bias })
      inputs.push('bias')
    }
    return { opType: link.opType, inputs, output: `part${at + 1}`, attributes: link.attributes }
  })
  return { stages, weights }
}
