import { AppError } from '#shared/errors'
import type { DataSource } from '#shared/ipc/jobs'
import { type DistributionResult, RANGE_METHODS, type RangeChoice, type ValueHistogram } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Graph, Tensor } from '#shared/onnx/records'
import { Recipe } from '#shared/recipe'
import { openCalibrationData } from '../../runtime/calibration-data'
import { openModelFile } from '../../runtime/model-file'
import { createOrtRunner } from '../../runtime/ort-runner'
import { constantTensor, isFloat32, isReadable } from '../constants'
import type { PassContext, TellProgress } from '../pass'
import { dequantized, quantizeChannels, roundHalfToEven, valueRange } from '../quantize-numerics'
import { activationOptions, quantizeStatic, type StaticOptions, weightOptionsOf } from '../quantize-static'
import { snapshotModel } from '../recovery/snapshot-model'
import { runRecipe } from '../run-recipe'
import { quantizerOf } from '../static/activation-parameters'
import { COUNTING_OPSET } from '../static/body-measures'
import { searchedRange } from '../static/calibrate-ranges'
import { BINS, Histogram } from '../static/histogram'
import { fillHistograms, isFloat32Type, observeExtremes } from '../static/observe-activations'
import { observableBodies } from '../static/observe-bodies'
import { canCountInBodies, fillBodyHistograms, observeBodyExtremes } from '../static/observe-body-values'
import type { Extremes } from '../static/observed-model'
import { activationOptionsOf, overriddenRange, tensorOverride } from '../static/overrides'
import { RangeCollector } from '../static/range-collector'
import type { Quantizer } from '../static/search-range'
import { type Target, targets } from '../static/targets'
import type { ValueRange } from '../static/value-range'
import { floatValues } from '../weight-store'

export interface DistributionParams {
  readonly modelPath: string
  readonly data: DataSource
  /** Name in the main graph or within If, Loop or Scan: an input, what a node gives, or an initializer. */
  readonly value: string
  /** Options of quantize-static. */
  readonly options: Readonly<Record<string, unknown>>
  readonly samples: number
  readonly bins: number
}

export interface DistributionContext {
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: TellProgress
}

/** Stands for values that quantization leaves as they are. */
const EQUAL_DB = 200

/**
 * How the values of an activation spread over the samples, with the range that each way of calibrating would choose; or a weight before
 * and after quantization. The model is cleaned up first, as for quantizing, where the value outlives that.
 *
 * Throws AppError `not-found` where there is no such value, `not-supported` where it is not float32, `invalid-recipe` for options
 * that quantize-static does not have, `cancelled`, and what opening, reading data and running throw.
 */
export async function analyzeDistribution(params: DistributionParams, { scratchFolder, signal, progress }: DistributionContext): Promise<DistributionResult> {
  const options = quantizeStatic.options.safeParse(params.options)
  if (!options.success) throw new AppError({ code: 'invalid-recipe', message: `Options of 'quantize-static': ${options.error.issues[0]?.message ?? ''}.` })
  progress('reading', 0)
  const file = openModelFile(params.modelPath)
  try {
    const runner = createOrtRunner({ scratchFolder })
    const context = { runner, float: null, signal, report: () => undefined, progress }
    const source = snapshotModel(file)
    const cleaned = new ModelDocument(file.model)
    // Without data nothing is compared: this only looks.
    await runRecipe(cleaned, cleanUp, { ...context, calibration: null, progress: () => undefined })
    const graphOf = (document: ModelDocument) => [document.model.graph, ...observableBodies(document)].find((graph) => document.index(graph).definition(params.value) !== null)
    const document = graphOf(cleaned) ? cleaned : new ModelDocument(source)
    const graph = graphOf(document)
    if (!graph) throw new AppError({ code: 'not-found', message: `The model has no value '${params.value}' in its main graph or within If, Loop and Scan.` })
    const subject: Subject = { document, graph, params, options: options.data, path: file.path }
    const weight = constantTensor(document, graph, params.value)
    if (weight) return weightDistribution(subject, weight)
    return await activationDistribution(subject, { ...context, calibration: await openCalibrationData(params.data, document.model, { runner, signal, modelPath: params.modelPath }) })
  } finally {
    file.close()
  }
}

interface Subject {
  readonly document: ModelDocument
  readonly graph: Graph
  readonly params: DistributionParams
  readonly options: StaticOptions
  readonly path: string
}

/** What changes values of layers; names outlive it for the most part. */
const cleanUp = Recipe.parse([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }])

function weightDistribution({ document, graph, params, options, path }: Subject, weight: Tensor): DistributionResult {
  if (!isFloat32(weight) || !isReadable(weight)) throw new AppError({ code: 'not-supported', message: `'${params.value}' is not a float32 tensor whose values are at hand.` })
  const target: Target = targets[options.target]
  const layer = document.uses(graph, weight.name).find(({ node, input }) => node && target.placement[node.opType]?.weight?.input === input)?.node
  const placement = layer ? target.placement[layer.opType]?.weight : undefined
  const form = weightOptionsOf(options, target, layer ?? null)
  const values = floatValues(weight)
  const axis = layer && placement && form.perChannel ? placement.channelAxis(layer, weight.dims.length) : null
  const quantized = dequantized(quantizeChannels(values, { dims: weight.dims, axis }, form), { dims: weight.dims, axis })
  const range = valueRange(values)
  if (!(range.min <= range.max)) throw new AppError({ code: 'not-supported', message: `'${params.value}' holds values that are not numbers.` })
  let [signal, noise] = [0, 0]
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number
    signal += value * value
    noise += (value - (quantized[at] as number)) ** 2
  }
  return {
    path,
    value: params.value,
    kind: 'weight',
    quantizedType: form.type,
    histogram: histogramOf(values, range, params.bins),
    quantized: histogramOf(quantized, range, params.bins),
    ranges: [],
    chosen: null,
    weightSqnrDb: decibels(signal, noise),
    conditions: `${values.length} values, ${axis === null ? 'one scale' : `a scale for each of ${weight.dims[axis] ?? 1} channels`}, before biases widen any.`,
  }
}

function histogramOf(values: Float32Array, range: ValueRange, bins: number): ValueHistogram {
  const histogram = new Histogram(range.max > range.min ? range : { min: range.min - 1, max: range.max + 1 })
  histogram.add(values)
  return shown(histogram, bins)
}

/** In wider bins, as many as were asked for. */
function shown({ counts, zeros, range }: Histogram, bins: number): ValueHistogram {
  const wide = new Array<number>(bins).fill(0)
  counts.forEach((count, at) => {
    const bin = Math.floor((at * bins) / BINS)
    wide[bin] = (wide[bin] ?? 0) + count
  })
  return { ...range, counts: wide, zeros, elements: counts.reduce((sum, count) => sum + count, zeros) }
}

async function activationDistribution({ document, graph, params, options, path }: Subject, context: PassContext): Promise<DistributionResult> {
  const { value: name, samples } = params
  const target: Target = targets[options.target]
  const type = inferTypes(document).typeOf(graph, name)
  const common = activationOptions(options, target)
  const nodes = graph.nodes.filter(({ inputs, outputs }) => inputs.includes(name) || outputs.includes(name)).map((node) => ({ node, placement: { role: 'compute' as const }, activations: node.inputs }))
  const form = activationOptionsOf(options, nodes, common)(name)
  const [extremes, means] = [new RangeCollector(() => false), new RangeCollector(() => true)]
  let histogram: Histogram | undefined
  const add = (_: unknown, found: Extremes | null) => {
    extremes.add(name, found)
    means.add(name, found)
  }
  const source = { context, maxSamples: samples, exact: options.exactRanges }
  const [first, second] = [{ ...source, share: { from: 0, to: 0.5 } }, { ...source, share: { from: 0.5, to: 1 } }]
  await document.transact('look', async (edit) => {
    if (graph === document.model.graph) {
      await observeExtremes(edit, [name], { ...first, nonNegative: new Set(), typeOf: () => type, add })
      histogram = (await fillHistograms(edit, extremes.ranges(), second)).get(name)
      return
    }
    if (!isFloat32Type(type) || !canCountInBodies(edit)) throw new AppError({ code: 'not-supported', message: `Values within If, Loop and Scan can be looked at where they are known to be float32, from opset ${COUNTING_OPSET} on.` })
    await observeBodyExtremes(edit, [{ body: graph, name }], first, add)
    const range = extremes.ranges().get(name)
    if (range && range.max > range.min) [histogram] = await fillBodyHistograms(edit, [{ body: graph, name, range }], second)
  })
  const seen = extremes.ranges().get(name)
  if (!seen) throw new AppError({ code: 'not-supported', message: `'${name}' is not a float32 value with finite numbers in every sample.` })
  const filled = histogram ?? new Histogram({ min: seen.min - 1, max: seen.max + 1 })
  const quantizer = quantizerOf(form)
  const own = tensorOverride(options, name)
  const percentile = own.percentile ?? options.percentile
  const ranges = RANGE_METHODS.map((method): RangeChoice => {
    const searched = searchedRange(filled, { method, percentile, quantizer })
    const range = searched ?? (method === 'moving-average' ? (means.ranges().get(name) ?? seen) : seen)
    return { method, ...judge(filled, range, quantizer) }
  })
  const hasBounds = own.min !== undefined || own.max !== undefined
  const method = own.calibration ?? options.calibration
  if (hasBounds) {
    const base = ranges.find((choice) => choice.method === method) ?? seen
    ranges.push({ method: 'override', ...judge(filled, overriddenRange(options, name, base), quantizer) })
  }
  const { calibration } = context
  return {
    path,
    value: name,
    kind: 'activation',
    quantizedType: form.type,
    histogram: shown(filled, params.bins),
    quantized: null,
    ranges,
    chosen: hasBounds ? 'override' : method,
    weightSqnrDb: null,
    conditions: `Over ${Math.min(samples, calibration?.sampleCount ?? 0)} of ${calibration?.sampleCount ?? 0} samples (${calibration?.description ?? ''}).`,
  }
}

/** What a range makes of the values, each bin standing for the value in its middle. */
function judge(histogram: Histogram, { min, max }: ValueRange, quantizer: Quantizer): Omit<RangeChoice, 'method'> {
  const { scale, zeroPoint } = quantizer.parametersOf({ min, max })
  let [signal, noise, clipped, total] = [0, 0, 0, histogram.zeros]
  for (let at = 0; at < BINS; at++) {
    const count = histogram.counts[at] as number
    const value = histogram.center(at)
    const unbounded = roundHalfToEven(value / scale) + zeroPoint
    const q = Math.min(quantizer.qmax, Math.max(quantizer.qmin, unbounded))
    if (q !== unbounded) clipped += count
    total += count
    signal += count * value * value
    noise += count * (value - scale * (q - zeroPoint)) ** 2
  }
  return { min, max, scale, zeroPoint, clippedShare: total === 0 ? 0 : clipped / total, sqnrDb: decibels(signal, noise) }
}

function decibels(signal: number, noise: number): number {
  return noise === 0 ? EQUAL_DB : Math.max(-EQUAL_DB, 10 * Math.log10(signal / noise))
}
