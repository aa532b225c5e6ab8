import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { evaluateModel } from '../../runtime/evaluation/evaluate-model'
import { createOrtRunner } from '../../runtime/ort-runner'
import { openEvaluations } from '../../workspace/evaluations'
import type { JobContext } from './job-context'

export async function evaluate({ storeFolder, ...params }: JobParams<'evaluate'>, { scratchFolder, signal, progress, showEvaluation }: JobContext): Promise<JobResult<'evaluate'>> {
  progress('reading', null)
  return evaluateModel({
    ...params,
    runner: createOrtRunner({ scratchFolder }),
    signal,
    store: storeFolder === null ? undefined : openEvaluations(storeFolder),
    onPartial(partial, fraction) {
      showEvaluation(partial)
      progress('evaluating', fraction, String(partial.samples + partial.skipped))
    },
  })
}
