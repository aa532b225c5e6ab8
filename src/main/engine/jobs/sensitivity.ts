import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { analyzeSensitivity } from '../../passes/sensitivity/analyze-sensitivity'
import type { JobContext } from './job-context'

export async function sensitivity(params: JobParams<'sensitivity'>, context: JobContext): Promise<JobResult<'sensitivity'>> {
  return analyzeSensitivity(params, context)
}
