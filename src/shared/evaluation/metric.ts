/** The metrics there are: what each needs as a label, how its figure is formed from what single samples gave, which way is better. */
import { z } from 'zod'

export const metricNames = ['top-1', 'top-5', 'f1', 'auc', 'iou', 'map', 'cer', 'wer', 'psnr', 'ssim', 'mae', 'rmse', 'cosine', 'sqnr'] as const
export const MetricName = z.enum(metricNames)
export type MetricName = z.infer<typeof MetricName>

/** What a label is; `none`: the outputs of another model are what is compared with. */
export type LabelKind = 'class' | 'mask' | 'boxes' | 'text' | 'tensor' | 'none'

export interface MetricTraits {
  readonly labels: LabelKind
  /** `share` is 0…1, shown in percent. */
  readonly unit: 'share' | 'dB' | 'number'
  readonly better: 'higher' | 'lower'
}

export const metricTraits: Readonly<Record<MetricName, MetricTraits>> = {
  'top-1': { labels: 'class', unit: 'share', better: 'higher' },
  'top-5': { labels: 'class', unit: 'share', better: 'higher' },
  /** The mean over classes; the micro average of single-label classes equals top-1. */
  f1: { labels: 'class', unit: 'share', better: 'higher' },
  /** Under the ROC curve: of class 1 where there are two, else the mean of each class against the rest. */
  auc: { labels: 'class', unit: 'number', better: 'higher' },
  /** Mean over classes of intersection over union of all pixels. */
  iou: { labels: 'mask', unit: 'share', better: 'higher' },
  /** COCO: mean over classes and IoU thresholds 0.50, 0.55 … 0.95. */
  map: { labels: 'boxes', unit: 'share', better: 'higher' },
  cer: { labels: 'text', unit: 'share', better: 'lower' },
  wer: { labels: 'text', unit: 'share', better: 'lower' },
  psnr: { labels: 'tensor', unit: 'dB', better: 'higher' },
  ssim: { labels: 'tensor', unit: 'number', better: 'higher' },
  mae: { labels: 'tensor', unit: 'number', better: 'lower' },
  rmse: { labels: 'tensor', unit: 'number', better: 'lower' },
  cosine: { labels: 'none', unit: 'number', better: 'higher' },
  sqnr: { labels: 'none', unit: 'dB', better: 'higher' },
}

/** For people: `97.20 %`, `31.4 dB`, `0.0123`. */
export function metricText(metric: MetricName, value: number): string {
  const { unit } = metricTraits[metric]
  if (!Number.isFinite(value)) return unit === 'dB' ? '∞ dB' : '–'
  if (unit === 'share') return `${(value * 100).toFixed(2)} %`
  return unit === 'dB' ? `${value.toFixed(2)} dB` : value.toPrecision(4)
}

/**
 * What one sample gave. `score` and `weight` mean what the metric's figure is made of: 1 or 0 and 1 for top-k; edits and characters for
 * CER; a sum of squares and the number of elements for RMSE; signal and noise energy for SQNR.
 */
export interface Outcome {
  /** The sample's file, or its number. */
  readonly name: string
  readonly score: number
  readonly weight: number
  /** Classes. */
  readonly expected?: number
  readonly predicted?: number
  /** Words for a list of samples, where classes do not say it. */
  readonly expectedText?: string
  readonly predictedText?: string
  /** auc: scores of all classes. iou: class, intersection, union, and so on. map: see `detection.ts`. */
  readonly detail?: readonly number[]
}
