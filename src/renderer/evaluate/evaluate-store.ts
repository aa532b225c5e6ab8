/** What the Evaluate panel is set to and what it has found, by source model. */
import { create } from 'zustand'
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import type { EvaluationSetup } from '#shared/evaluation/evaluation-setup'
import type { MetricName } from '#shared/evaluation/metric'
import type { Preprocessing } from '#shared/evaluation/preprocessing'

export interface EvaluationChoice {
  readonly dataPath: string | null
  readonly labelsPath: string | null
  readonly metric: MetricName
  readonly setup: EvaluationSetup | null
  readonly card: Preprocessing | null
  readonly cardFrom: 'model' | 'guess' | 'project'
  /** Why the data cannot be used. */
  readonly problem: string | null
  /** Variants left out, by path of their models. */
  readonly leftOut: readonly string[]
  readonly limit: number | null
  readonly reuse: boolean
}

interface EvaluateState {
  readonly choices: Readonly<Record<string, EvaluationChoice>>
  /** Jobs of the latest run, by path of the model. */
  readonly jobs: Readonly<Record<string, string>>
  /** Latest job that looked for bad layers, by path of the variant. */
  readonly layerJobs: Readonly<Record<string, string>>
  /** Kept results, by path of the model, newest first. */
  readonly kept: Readonly<Record<string, readonly EvaluationResult[]>>
  /** The row that is looked at. */
  readonly selected: string | null
  readonly choose: (sourcePath: string, change: Partial<EvaluationChoice>) => void
  readonly putJob: (modelPath: string, jobId: string) => void
  readonly putLayerJob: (modelPath: string, jobId: string) => void
  readonly putKept: (modelPath: string, results: readonly EvaluationResult[]) => void
  readonly select: (modelPath: string) => void
}

const NOTHING: EvaluationChoice = { dataPath: null, labelsPath: null, metric: 'top-1', setup: null, card: null, cardFrom: 'guess', problem: null, leftOut: [], limit: null, reuse: true }

export const useEvaluateStore = create<EvaluateState>()((set) => ({
  choices: {},
  jobs: {},
  layerJobs: {},
  kept: {},
  selected: null,
  choose: (sourcePath, change) => set(({ choices }) => ({ choices: { ...choices, [sourcePath]: { ...(choices[sourcePath] ?? NOTHING), ...change } } })),
  putJob: (modelPath, jobId) => set(({ jobs }) => ({ jobs: { ...jobs, [modelPath]: jobId } })),
  putLayerJob: (modelPath, jobId) => set(({ layerJobs }) => ({ layerJobs: { ...layerJobs, [modelPath]: jobId } })),
  putKept: (modelPath, results) => set(({ kept }) => ({ kept: { ...kept, [modelPath]: results } })),
  select: (selected) => set({ selected }),
}))

export function choiceOf(choices: EvaluateState['choices'], sourcePath: string): EvaluationChoice {
  return choices[sourcePath] ?? NOTHING
}
