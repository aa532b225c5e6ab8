import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { analyzeCurves } from '../../passes/prune/analyze-curves'
import type { JobContext } from './job-context'

export async function pruneCurves(params: JobParams<'prune-curves'>, context: JobContext): Promise<JobResult<'prune-curves'>> {
  return analyzeCurves(params, context)
}
