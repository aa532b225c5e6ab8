/** Object detection: boxes matched to labels, and average precision as COCO defines it. */
import type { Outcome } from './metric'

export interface Box {
  readonly classIndex: number
  /** Corners in pixels, or any one unit. */
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

export interface ScoredBox extends Box {
  readonly score: number
}

const THRESHOLDS = Array.from({ length: 10 }, (_, at) => 0.5 + 0.05 * at)
const RECALL_POINTS = 101

export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1)
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1)
  if (width <= 0 || height <= 0) return 0
  const area = (box: Box) => (box.x2 - box.x1) * (box.y2 - box.y1)
  return (width * height) / (area(a) + area(b) - width * height)
}

/**
 * The detections of one image against its labels. Best scores choose first, each label is found once; that is done for each of COCO's
 * ten thresholds. `detail` keeps what the metric needs: number of classes with labels, then class and count for each, then class, score
 * and a bit set of the thresholds at which it matched, for each detection. `score` is the image's own average precision.
 */
export function detectionOutcome(name: string, labels: readonly Box[], detections: readonly ScoredBox[]): Outcome {
  const sorted = detections.toSorted((a, b) => b.score - a.score).slice(0, 300)
  const matched = sorted.map(() => 0)
  THRESHOLDS.forEach((threshold, bit) => {
    const free = new Set(labels)
    sorted.forEach((detection, at) => {
      let best: Box | null = null
      let bestIou = threshold - 1e-9
      for (const label of free) {
        const iou = label.classIndex === detection.classIndex ? boxIou(label, detection) : 0
        if (iou >= bestIou) [best, bestIou] = [label, iou]
      }
      if (!best) return
      free.delete(best)
      matched[at] = (matched[at] ?? 0) | (1 << bit)
    })
  })
  const counts = new Map<number, number>()
  for (const { classIndex } of labels) counts.set(classIndex, (counts.get(classIndex) ?? 0) + 1)
  const detail = [counts.size, ...[...counts].flat(), ...sorted.flatMap(({ classIndex, score }, at) => [classIndex, score, matched[at] ?? 0])]
  const own = averagePrecision([detail])
  return {
    name,
    score: Number.isNaN(own) ? (sorted.length === 0 ? 1 : 0) : own,
    weight: 1,
    expectedText: `${labels.length} boxes`,
    predictedText: `${sorted.length} boxes, ${matched.filter((bits) => (bits & 1) === 1).length} of them right at IoU 0.5`,
    detail,
  }
}

/** Mean over classes with labels, and over thresholds where `threshold` (an index of the ten) is not given. NaN without labels. */
export function averagePrecision(details: readonly (readonly number[])[], threshold?: number): number {
  const perClass = classPrecision(details, threshold)
  return perClass.length === 0 ? NaN : perClass.reduce((sum, { precision }) => sum + precision, 0) / perClass.length
}

export function classPrecision(details: readonly (readonly number[])[], threshold?: number): { classIndex: number; labels: number; precision: number }[] {
  const labels = new Map<number, number>()
  const found = new Map<number, { score: number; bits: number }[]>()
  for (const detail of details) {
    const classes = detail[0] ?? 0
    for (let at = 0; at < classes; at++) {
      const index = detail[1 + 2 * at] ?? 0
      labels.set(index, (labels.get(index) ?? 0) + (detail[2 + 2 * at] ?? 0))
    }
    for (let at = 1 + 2 * classes; at + 2 < detail.length; at += 3) {
      const index = detail[at] ?? 0
      const list = found.get(index) ?? []
      if (list.length === 0) found.set(index, list)
      list.push({ score: detail[at + 1] ?? 0, bits: detail[at + 2] ?? 0 })
    }
  }
  const bits = threshold === undefined ? THRESHOLDS.map((_, bit) => bit) : [threshold]
  return [...labels].sort(([a], [b]) => a - b).map(([classIndex, count]) => {
    const ranked = (found.get(classIndex) ?? []).sort((a, b) => b.score - a.score)
    const sum = bits.reduce((total, bit) => total + interpolated(ranked.map((one) => (one.bits >> bit) % 2 === 1), count), 0)
    return { classIndex, labels: count, precision: sum / bits.length }
  })
}

/** Precision at 101 recalls, each the best at that recall or beyond. */
function interpolated(hits: readonly boolean[], labels: number): number {
  const points: { recall: number; precision: number }[] = []
  let right = 0
  hits.forEach((hit, at) => {
    if (hit) right++
    points.push({ recall: right / labels, precision: right / (at + 1) })
  })
  for (let at = points.length - 2; at >= 0; at--) {
    const [point, next] = [points[at], points[at + 1]]
    if (point && next) points[at] = { ...point, precision: Math.max(point.precision, next.precision) }
  }
  let sum = 0
  let from = 0
  for (let step = 0; step < RECALL_POINTS; step++) {
    const recall = step / (RECALL_POINTS - 1)
    while (from < points.length && (points[from]?.recall ?? 0) < recall - 1e-12) from++
    sum += points[from]?.precision ?? 0
  }
  return sum / RECALL_POINTS
}
