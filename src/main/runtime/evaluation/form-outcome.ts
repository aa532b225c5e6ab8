/** What one sample gives to a metric, from the model's outputs and the label. */
import { AppError } from '#shared/errors'
import { argMax, rankOf } from '#shared/evaluation/classification'
import { detectionOutcome, type ScoredBox } from '#shared/evaluation/detection'
import { characters, editDistance, words } from '#shared/evaluation/edit-distance'
import { psnr, ssim } from '#shared/evaluation/image-quality'
import type { MetricName, Outcome } from '#shared/evaluation/metric'
import { HIGHEST_DB } from '#shared/evaluation/metric-value'
import type { TensorValue } from '../model-runner'
import type { Label } from './label'
import { type Numbers, numbersOf, readBoxes, readMask, readText } from './read-prediction'

export interface OutcomeOptions {
  readonly metric: MetricName
  readonly name: string
  readonly label: Label | null
  /** The model's outputs by name, in its order. */
  readonly outputs: ReadonlyMap<string, TensorValue>
  /** Of the reference, for metrics without labels. */
  readonly reference: ReadonlyMap<string, TensorValue> | null
  /** Characters that recognizers' classes stand for. */
  readonly alphabet: readonly string[] | null
  /** Size of the picture the model sees, in pixels: boxes that are shares of it are brought to pixels. */
  readonly frame: { readonly width: number; readonly height: number } | null
}

/** An outcome, or why the sample counts for nothing. Throws AppError `not-supported` where the outputs are of another kind. */
export function formOutcome(options: OutcomeOptions): Outcome | { readonly problem: string } {
  const { metric, name, label, outputs } = options
  switch (metric) {
    case 'cosine':
    case 'sqnr':
      return fidelity(options)
    case 'top-1':
    case 'top-5':
    case 'f1':
    case 'auc':
      return classOutcome(options, expect(label, 'class').index)
    case 'iou':
      return maskOutcome(name, outputs, expect(label, 'mask'))
    case 'map':
      return detectionOutcome(name, expect(label, 'boxes').boxes, inPixels(readBoxes(outputs), options.frame))
    case 'cer':
    case 'wer':
      return textOutcome(options, expect(label, 'text').text)
    case 'mae':
    case 'rmse':
    case 'psnr':
    case 'ssim':
      return tensorOutcome(options, expect(label, 'tensor'))
  }
}

/** No box of pixels ends below 1.5 in all of them. */
function inPixels(boxes: readonly ScoredBox[], frame: OutcomeOptions['frame']): readonly ScoredBox[] {
  if (!frame || boxes.length === 0 || boxes.some(({ x2, y2 }) => x2 > 1.5 || y2 > 1.5)) return boxes
  const { width, height } = frame
  return boxes.map((box) => ({ ...box, x1: box.x1 * width, y1: box.y1 * height, x2: box.x2 * width, y2: box.y2 * height }))
}

function expect<K extends Label['kind']>(label: Label | null, kind: K): Extract<Label, { kind: K }> {
  if (label?.kind !== kind) throw new Error(`internal: a label of kind ${kind} was to be read`)
  return label as Extract<Label, { kind: K }>
}

function classOutcome({ metric, name, outputs }: OutcomeOptions, expected: number): Outcome | { problem: string } {
  const { values } = numbersOf(outputs)
  if (values.length === 1) return singleScore({ name, metric, score: Number(values[0]), expected })
  if (expected >= values.length) return { problem: `has the label ${expected}, but the model has ${values.length} classes` }
  const predicted = argMax(values)
  const right = metric === 'top-5' ? rankOf(values, expected) < 5 : predicted === expected
  if (metric !== 'auc') return { name, score: right ? 1 : 0, weight: 1, expected, predicted }
  const scores = Array.from(values, Number)
  return { name, score: scores.length === 2 ? (scores[1] ?? 0) - (scores[0] ?? 0) : (scores[expected] ?? 0), weight: 1, expected, predicted, detail: scores }
}

/** Models with one output for yes and no: a probability, or a logit where it leaves 0…1. */
function singleScore({ name, metric, score, expected }: { name: string; metric: MetricName; score: number; expected: number }): Outcome | { problem: string } {
  if (expected > 1) return { problem: `has the label ${expected}, but the model only says yes or no` }
  const predicted = score >= (score < 0 || score > 1 ? 0 : 0.5) ? 1 : 0
  if (metric === 'auc') return { name, score, weight: 1, expected, predicted, detail: [1 - score, score] }
  return { name, score: predicted === expected ? 1 : 0, weight: 1, expected, predicted }
}

function maskOutcome(name: string, outputs: OutcomeOptions['outputs'], label: Extract<Label, { kind: 'mask' }>): Outcome {
  const predicted = readMask(outputs, label)
  const sums = new Map<number, [intersection: number, union: number]>()
  const sum = (index: number) => {
    const own = sums.get(index) ?? [0, 0]
    if (!sums.has(index)) sums.set(index, own)
    return own
  }
  for (let at = 0; at < label.classes.length; at++) {
    const [truth, said] = [Number(label.classes[at]), predicted[at] ?? 0]
    if (truth < 0 || truth === 255) continue
    if (truth === said) {
      const own = sum(truth)
      own[0]++
      own[1]++
    } else {
      sum(truth)[1]++
      sum(said)[1]++
    }
  }
  const classes = [...sums]
  const mean = classes.reduce((total, [, [intersection, union]]) => total + intersection / union, 0) / Math.max(1, classes.length)
  return { name, score: mean, weight: 1, detail: classes.flatMap(([index, pair]) => [index, ...pair]) }
}

function textOutcome({ metric, name, outputs, alphabet }: OutcomeOptions, expected: string): Outcome {
  const predicted = readText(outputs, alphabet)
  const split = metric === 'cer' ? characters : words
  const truth = split(expected)
  return { name, score: editDistance(truth, split(predicted)), weight: truth.length, expectedText: expected, predictedText: predicted }
}

function tensorOutcome({ metric, name, outputs }: OutcomeOptions, label: Extract<Label, { kind: 'tensor' }>): Outcome | { problem: string } {
  const { values, dims } = numbersOf(outputs)
  if (values.length !== label.values.length) return { problem: `expects ${label.dims.join(' × ') || '1'} values, but the model gives ${dims.join(' × ')}` }
  const shown = label.values.length === 1 ? { expectedText: Number(label.values[0]).toPrecision(5), predictedText: Number(values[0]).toPrecision(5) } : {}
  if (metric === 'mae' || metric === 'rmse') {
    let sum = 0
    for (let at = 0; at < values.length; at++) {
      const difference = Math.abs(Number(values[at]) - Number(label.values[at]))
      sum += metric === 'mae' ? difference : difference * difference
    }
    return { name, score: sum, weight: values.length, ...shown }
  }
  const range = valueRange(label.values)
  const score = metric === 'psnr' ? Math.min(HIGHEST_DB, psnr(label.values, values, range)) : meanSsim({ reference: label.values, candidate: values, dims, range })
  return { name, score, weight: 1 }
}

/** 255 for bytes, 1 for what lies within 0…1. */
function valueRange(values: ArrayLike<number>): number {
  let most = 0
  for (let at = 0; at < values.length; at++) most = Math.max(most, Number(values[at]))
  return most > 1.5 ? 255 : 1
}

function meanSsim({ reference, candidate, dims, range }: { reference: ArrayLike<number>; candidate: ArrayLike<number>; dims: readonly number[]; range: number }): number {
  if (dims.length < 2) throw new AppError({ code: 'not-supported', message: 'SSIM compares pictures, and the output of the model is none.' })
  const channelsLast = dims.length >= 3 && (dims.at(-1) === 1 || dims.at(-1) === 3) && !(dims.at(-3) === 1 || dims.at(-3) === 3)
  const [height = 1, width = 1] = channelsLast ? dims.slice(-3, -1) : dims.slice(-2)
  const planes = reference.length / (width * height)
  let sum = 0
  for (let plane = 0; plane < planes; plane++) {
    const take = (values: ArrayLike<number>) => Float64Array.from({ length: width * height }, (_, at) => Number(values[channelsLast ? at * planes + plane : plane * width * height + at]))
    sum += ssim(take(reference), take(candidate), { width, height, range })
  }
  return sum / planes
}

/** All outputs that both have, taken as one long vector. */
function fidelity({ metric, name, outputs, reference }: OutcomeOptions): Outcome | { problem: string } {
  if (!reference) throw new Error('internal: there is no reference to compare with')
  let [signal, noise, product, own] = [0, 0, 0, 0]
  let compared = 0
  for (const [output, value] of reference) {
    const [truth, said] = [tryNumbers(value), tryNumbers(outputs.get(output))]
    if (!truth || !said || truth.values.length !== said.values.length) continue
    compared++
    for (let at = 0; at < truth.values.length; at++) {
      const [a, b] = [Number(truth.values[at]), Number(said.values[at])]
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue
      signal += a * a
      own += b * b
      noise += (a - b) ** 2
      product += a * b
    }
  }
  if (compared === 0) return { problem: 'has no output of the same size in both models' }
  if (metric === 'sqnr') return { name, score: signal, weight: noise }
  const norms = Math.sqrt(signal) * Math.sqrt(own)
  return { name, score: noise === 0 ? 1 : norms === 0 ? 0 : Math.max(-1, Math.min(1, product / norms)), weight: 1 }
}

function tryNumbers(value: TensorValue | undefined): Numbers | null {
  return value === undefined || value.strings ? null : numbersOf(new Map([['', value]]))
}
