/** Outcomes as they are stored, and back. */
import type { OutcomeColumns } from './evaluation-result'
import type { Outcome } from './metric'

/** More numbers of detail than these are not kept. */
const MOST_DETAILS = 400_000

export function toColumns(outcomes: readonly Outcome[]): OutcomeColumns {
  const some = (has: (outcome: Outcome) => boolean) => outcomes.length > 0 && outcomes.every(has)
  const details = outcomes.reduce((sum, { detail }) => sum + (detail?.length ?? 0), 0)
  return {
    names: outcomes.map(({ name }) => name),
    scores: outcomes.map(({ score }) => score),
    weights: outcomes.every(({ weight }) => weight === 1) ? null : outcomes.map(({ weight }) => weight),
    expected: some(({ expected }) => expected !== undefined) ? outcomes.map(({ expected = -1 }) => expected) : null,
    predicted: some(({ predicted }) => predicted !== undefined) ? outcomes.map(({ predicted = -1 }) => predicted) : null,
    details: details <= MOST_DETAILS && some(({ detail }) => detail !== undefined) ? outcomes.map(({ detail = [] }) => [...detail]) : null,
  }
}

export function fromColumns({ names, scores, weights, expected, predicted, details }: OutcomeColumns): Outcome[] {
  return names.map((name, at) => {
    const [one, other, detail] = [expected?.[at], predicted?.[at], details?.[at]]
    return {
      name,
      score: scores[at] ?? 0,
      weight: weights?.[at] ?? 1,
      ...(one !== undefined && { expected: one }),
      ...(other !== undefined && { predicted: other }),
      ...(detail !== undefined && { detail }),
    }
  })
}
