/** A metric's figure over many samples, its interval, and the test of two. */
import { macroAuc, macroF1 } from './classification'
import { averagePrecision } from './detection'
import { type MetricName, metricTraits, type Outcome } from './metric'
import { bootstrapInterval, bootstrapValues, type Interval, mcnemarP, wilsonInterval } from './statistics'

/** Stands for no difference at all, where the figure in dB is infinite. */
export const HIGHEST_DB = 200

/** The figure over `outcomes`. NaN where there is nothing to form it from. */
export function metricValue(metric: MetricName, outcomes: readonly Outcome[]): number {
  switch (metric) {
    case 'f1':
      return macroF1(outcomes)
    case 'auc':
      return macroAuc(outcomes)
    case 'iou':
      return meanIou(outcomes)
    case 'map':
      return averagePrecision(outcomes.map(({ detail = [] }) => detail))
    case 'rmse':
      return Math.sqrt(ratio(outcomes))
    case 'sqnr':
      return Math.min(HIGHEST_DB, 10 * Math.log10(ratio(outcomes)))
    case 'top-1':
    case 'top-5':
    case 'cer':
    case 'wer':
    case 'psnr':
    case 'ssim':
    case 'mae':
    case 'cosine':
      return ratio(outcomes)
  }
}

function ratio(outcomes: readonly Outcome[]): number {
  let [scores, weights] = [0, 0]
  for (const { score, weight } of outcomes) {
    scores += score
    weights += weight
  }
  return weights === 0 && scores === 0 ? NaN : scores / weights
}

/** By class, in order: pixels of all samples that both have, over those that either has. */
export function classIous(outcomes: readonly Outcome[]): { classIndex: number; union: number; iou: number }[] {
  const sums = new Map<number, { intersection: number; union: number }>()
  for (const { detail = [] } of outcomes) {
    for (let at = 0; at + 2 < detail.length; at += 3) {
      const index = detail[at] ?? 0
      const sum = sums.get(index) ?? { intersection: 0, union: 0 }
      sums.set(index, { intersection: sum.intersection + (detail[at + 1] ?? 0), union: sum.union + (detail[at + 2] ?? 0) })
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([classIndex, { intersection, union }]) => ({ classIndex, union, iou: intersection / union }))
}

function meanIou(outcomes: readonly Outcome[]): number {
  const classes = classIous(outcomes)
  return classes.length === 0 ? NaN : classes.reduce((sum, { iou }) => sum + iou, 0) / classes.length
}

/** Resampling costs `resamples · samples`: fewer of them for many samples, whose interval is steadier anyway. */
function resamplesFor(count: number): number {
  return Math.max(200, Math.min(1000, Math.floor(2e6 / Math.max(1, count))))
}

/** 95 %: Wilson's for shares of right answers, else by bootstrap. Null where one sample says nothing of spread. */
export function metricInterval(metric: MetricName, outcomes: readonly Outcome[]): Interval | null {
  if (metric === 'top-1' || metric === 'top-5') return wilsonInterval(outcomes.reduce((sum, { score }) => sum + score, 0), outcomes.length)
  return bootstrapInterval(outcomes.length, (picks) => metricValue(metric, picked(outcomes, picks)), resamplesFor(outcomes.length))
}

function picked(outcomes: readonly Outcome[], picks: Int32Array): Outcome[] {
  return Array.from(picks, (at) => outcomes[at] as Outcome)
}

export interface Significance {
  readonly test: 'mcnemar' | 'paired-bootstrap'
  /** Samples that both have. */
  readonly samples: number
  /** b − a, of the metric over those samples. */
  readonly difference: number
  /** 95 %, of the difference. */
  readonly interval: Interval | null
  /** How likely a difference as large is, if there were none. */
  readonly p: number
  readonly significant: boolean
}

const NEED_DETAILS: ReadonlySet<MetricName> = new Set<MetricName>(['auc', 'iou', 'map'])

/** What can be said of `b` against `a` from samples both were run on, paired by name. Null with fewer than two pairs. */
export function compareOutcomes(metric: MetricName, a: readonly Outcome[], b: readonly Outcome[]): Significance | null {
  const byName = new Map(a.map((outcome) => [outcome.name, outcome]))
  const pairs = b.flatMap((outcome): [Outcome, Outcome][] => {
    const other = byName.get(outcome.name)
    return other ? [[other, outcome]] : []
  })
  if (pairs.length < 2) return null
  // Stored results may be without the details that some figures need: then the mean over samples stands for them.
  const whole = !NEED_DETAILS.has(metric) || pairs.every(([left, right]) => left.detail && right.detail)
  const figure = (one: readonly Outcome[]) => (whole ? metricValue(metric, one) : ratio(one))
  const [left, right] = [pairs.map(([one]) => one), pairs.map(([, one]) => one)]
  const difference = figure(right) - figure(left)
  const draws = bootstrapValues(pairs.length, (picks) => figure(picked(right, picks)) - figure(picked(left, picks)), resamplesFor(pairs.length))
  const at = (share: number) => draws[Math.min(draws.length - 1, Math.floor(share * draws.length))]
  const [low, high] = [at(0.025), at(0.975)]
  const interval = low === undefined || high === undefined ? null : { low, high }
  const proportion = metric === 'top-1' || metric === 'top-5'
  const p = proportion ? mcnemarP(count(pairs, 1, 0), count(pairs, 0, 1)) : bootstrapP(draws)
  return { test: proportion ? 'mcnemar' : 'paired-bootstrap', samples: pairs.length, difference, interval, p, significant: p < 0.05 }
}

function count(pairs: readonly [Outcome, Outcome][], a: number, b: number): number {
  return pairs.filter(([left, right]) => left.score === a && right.score === b).length
}

/** Twice the share of resampled differences on the far side of zero; equal results are no difference at all. */
function bootstrapP(draws: readonly number[]): number {
  if (draws.length === 0) return 1
  const below = draws.filter((value) => value <= 0).length
  const above = draws.filter((value) => value >= 0).length
  return Math.min(1, (2 * Math.min(below, above) + 1) / (draws.length + 1))
}

/** How bad a sample is, larger being worse, for the list of worst samples. */
export function badness(metric: MetricName, outcome: Outcome): number {
  const value = metric === 'auc' ? (outcome.expected === 1 ? outcome.score : 1 - outcome.score) : outcome.weight === 0 ? 0 : outcome.score / outcome.weight
  return metricTraits[metric].better === 'higher' ? -value : value
}
