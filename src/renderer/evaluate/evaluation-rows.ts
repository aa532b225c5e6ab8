/** The rows of the results: the source and its variants, with what is known of each. */
import { useMemo } from 'react'
import type { EvaluationPartial, EvaluationResult } from '#shared/evaluation/evaluation-result'
import { compareOutcomes, type Significance } from '#shared/evaluation/metric-value'
import { fromColumns } from '#shared/evaluation/outcome-columns'
import { jobKinds } from '#shared/ipc/jobs'
import type { ErrorData } from '#shared/errors'
import { useJobsStore, type Job } from '../stores/jobs-store'
import { useVariantsStore } from '../stores/variants-store'
import { choiceOf, useEvaluateStore, type EvaluationChoice } from './evaluate-store'

export interface EvaluationRow {
  readonly path: string
  readonly isSource: boolean
  /** Of the document, where the figures are of edits that are not saved. */
  readonly revision: number | null
  readonly state: 'not-run' | 'waiting' | 'running' | 'done' | 'failed'
  readonly result: EvaluationResult | null
  /** Figures so far. */
  readonly partial: EvaluationPartial | null
  readonly fraction: number | null
  readonly error: Pick<ErrorData, 'message' | 'hint'> | null
  readonly significance: Significance | null
}

export function useEvaluationRows(sourcePath: string): readonly EvaluationRow[] {
  const variants = useVariantsStore((state) => state.bySource[sourcePath])
  const jobIds = useEvaluateStore((state) => state.jobs)
  const kept = useEvaluateStore((state) => state.kept)
  const choice = useEvaluateStore((state) => choiceOf(state.choices, sourcePath))
  const jobs = useJobsStore((state) => state.jobs)
  return useMemo(() => {
    const paths = [sourcePath, ...(variants ?? []).map(({ modelPath }) => modelPath)]
    const rows = paths.map((path) => toRow({ path, isSource: path === sourcePath, job: jobs.find(({ jobId }) => jobId === jobIds[path]), kept: kept[path] ?? [], choice }))
    const source = rows[0]?.result ?? null
    return rows.map((row) => ({ ...row, significance: row.isSource || source === null || row.result === null ? null : significanceOf(source, row.result) }))
  }, [sourcePath, variants, jobIds, kept, choice, jobs])
}

interface RowInputs {
  readonly path: string
  readonly isSource: boolean
  readonly job: Job | undefined
  readonly kept: readonly EvaluationResult[]
  readonly choice: EvaluationChoice
}

function toRow({ path, isSource, job, kept, choice }: RowInputs): EvaluationRow {
  const fits = (result: EvaluationResult) => result.metric === choice.metric && (choice.dataPath === null || result.data.path === choice.dataPath)
  const known = kept.find(fits) ?? null
  const revision = job?.revision ?? null
  const base = { path, isSource, revision: null, result: known, partial: null, fraction: null, error: null, significance: null }
  switch (job?.state) {
    case 'queued':
      return { ...base, revision, state: 'waiting' }
    case 'running':
      return { ...base, revision, state: 'running', result: null, partial: job.progress.evaluation ?? null, fraction: job.progress.fraction }
    case 'failed':
      return { ...base, state: 'failed', error: job.error }
    case 'done': {
      const result = resultOf(job.jobId, job.result)
      return fits(result) ? { ...base, revision, state: 'done', result } : { ...base, state: known ? 'done' : 'not-run' }
    }
    case 'cancelled':
    case undefined:
      return { ...base, state: known ? 'done' : 'not-run' }
  }
}

/** Parsed once: rows are made anew with each progress of any job. */
const results = new Map<string, EvaluationResult>()
function resultOf(jobId: string, raw: unknown): EvaluationResult {
  const known = results.get(jobId)
  if (known) return known
  const result = jobKinds.evaluate.result.parse(raw)
  results.set(jobId, result)
  return result
}

const tests = new WeakMap<EvaluationResult, { readonly source: EvaluationResult; readonly significance: Significance | null }>()
function significanceOf(source: EvaluationResult, variant: EvaluationResult): Significance | null {
  const known = tests.get(variant)
  if (known?.source === source) return known.significance
  const comparable = source.metric === variant.metric && source.data.fingerprint === variant.data.fingerprint && source.reference === null
  const significance = comparable ? compareOutcomes(source.metric, fromColumns(source.outcomes), fromColumns(variant.outcomes)) : null
  tests.set(variant, { source, significance })
  return significance
}
