/** Metrics of classifiers, on class indices and scores. */
import type { Outcome } from './metric'

/** Index of the largest score, the first of equals; NaN never wins. -1 where there is none. */
export function argMax(scores: ArrayLike<number>): number {
  let best = -1
  for (let at = 0; at < scores.length; at++) {
    const score = Number(scores[at])
    if (!Number.isNaN(score) && (best < 0 || score > Number(scores[best]))) best = at
  }
  return best
}

/** How many classes have a higher score than `index`, equal ones before it included: 0 is the winner. */
export function rankOf(scores: ArrayLike<number>, index: number): number {
  const own = Number(scores[index])
  if (Number.isNaN(own)) return scores.length
  let rank = 0
  for (let at = 0; at < scores.length; at++) {
    const score = Number(scores[at])
    if (score > own || (score === own && at < index)) rank++
  }
  return rank
}

export interface ClassFigures {
  readonly index: number
  /** Samples that have this label. */
  readonly support: number
  readonly correct: number
  readonly precision: number | null
  /** The share of the class's samples that were found. */
  readonly recall: number | null
  readonly f1: number | null
}

/** `matrix[expected][predicted]` counts; classes that never appear on either side are rows of zeros. */
export function confusionMatrix(pairs: readonly Pick<Outcome, 'expected' | 'predicted'>[], classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (const { expected = -1, predicted = -1 } of pairs) {
    const row = matrix[expected]
    if (row && predicted >= 0 && predicted < classes) row[predicted] = (row[predicted] ?? 0) + 1
  }
  return matrix
}

export function classFigures(pairs: readonly Pick<Outcome, 'expected' | 'predicted'>[], classes: number): ClassFigures[] {
  const [support, claimed, correct] = [0, 1, 2].map(() => new Array<number>(classes).fill(0)) as [number[], number[], number[]]
  for (const { expected = -1, predicted = -1 } of pairs) {
    if (expected >= 0) support[expected] = (support[expected] ?? 0) + 1
    if (predicted >= 0) claimed[predicted] = (claimed[predicted] ?? 0) + 1
    if (expected === predicted && expected >= 0) correct[expected] = (correct[expected] ?? 0) + 1
  }
  return Array.from({ length: classes }, (_, index) => {
    const [all = 0, said = 0, right = 0] = [support[index], claimed[index], correct[index]]
    return {
      index,
      support: all,
      correct: right,
      precision: said === 0 ? null : right / said,
      recall: all === 0 ? null : right / all,
      f1: all + said === 0 ? null : (2 * right) / (all + said),
    }
  })
}

/** Mean F1 over the classes that appear as label or prediction. */
export function macroF1(pairs: readonly Pick<Outcome, 'expected' | 'predicted'>[]): number {
  const classes = pairs.reduce((most, { expected = -1, predicted = -1 }) => Math.max(most, expected, predicted), -1) + 1
  const scores = classFigures(pairs, classes).flatMap(({ f1 }) => f1 ?? [])
  return scores.length === 0 ? NaN : scores.reduce((a, b) => a + b, 0) / scores.length
}

/**
 * Area under the ROC curve by ranks (Mann–Whitney), ties counted half. NaN where one side is empty.
 */
export function areaUnderRoc(scores: readonly number[], positive: readonly boolean[]): number {
  const order = scores.map((_, at) => at).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))
  let rankSum = 0
  let positives = 0
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++
    const rank = (from + 1 + to) / 2
    for (let at = from; at < to; at++) {
      if (!positive[order[at] ?? 0]) continue
      rankSum += rank
      positives++
    }
    from = to
  }
  const negatives = scores.length - positives
  if (positives === 0 || negatives === 0) return NaN
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Of class 1 where the outcomes have two classes or a single score, else the mean over classes of each against the rest. */
export function macroAuc(outcomes: readonly Outcome[]): number {
  const classes = outcomes[0]?.detail?.length ?? 0
  if (classes <= 2) return areaUnderRoc(outcomes.map(({ score }) => score), outcomes.map(({ expected }) => expected === 1))
  const areas: number[] = []
  for (let index = 0; index < classes; index++) {
    const area = areaUnderRoc(outcomes.map(({ detail }) => detail?.[index] ?? 0), outcomes.map(({ expected }) => expected === index))
    if (!Number.isNaN(area)) areas.push(area)
  }
  return areas.length === 0 ? NaN : areas.reduce((a, b) => a + b, 0) / areas.length
}
