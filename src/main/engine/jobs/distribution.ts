import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { analyzeDistribution } from '../../passes/distribution/analyze-distribution'
import type { JobContext } from './job-context'

export async function distribution(params: JobParams<'distribution'>, context: JobContext): Promise<JobResult<'distribution'>> {
  return analyzeDistribution(params, context)
}
