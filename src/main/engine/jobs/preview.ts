import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { previewRecipe } from '../../passes/preview-recipe'
import type { JobContext } from './job-context'

export async function preview(params: JobParams<'preview'>, context: JobContext): Promise<JobResult<'preview'>> {
  return previewRecipe(params, context)
}
