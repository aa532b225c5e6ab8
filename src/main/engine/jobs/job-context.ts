import type { EvaluationPartial } from '#shared/evaluation/evaluation-result'
import type { LayerQuality } from '#shared/measurement'

export interface JobContext {
  /** A folder of this job's own, removed when it has ended. */
  readonly scratchFolder: string
  readonly signal: AbortSignal
  /** `phase` is a key of the translations; `fraction` is 0…1 of the whole job. */
  readonly progress: (phase: string, fraction: number | null, detail?: string, layers?: LayerQuality[]) => void
  /** Figures so far; they go with the next progress. */
  readonly showEvaluation: (partial: EvaluationPartial) => void
}
