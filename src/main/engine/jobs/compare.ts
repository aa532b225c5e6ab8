import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { compareModels } from '../../runtime/compare-models'
import type { JobContext } from './job-context'

export async function compare({ a, b, options, data }: JobParams<'compare'>, context: JobContext): Promise<JobResult<'compare'>> {
  return compareModels({ a, b, options, data, ...context })
}
