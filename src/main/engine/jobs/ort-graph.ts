import { AppError } from '#shared/errors'
import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { writeOrtGraph } from '../../runtime/ort-graph'
import type { JobContext } from './job-context'

export async function ortGraph({ modelPath, outputPath, optimization }: JobParams<'ort-graph'>, context: JobContext): Promise<JobResult<'ort-graph'>> {
  if (outputPath === undefined) throw new AppError({ code: 'bad-usage', message: 'The job does not say where its result goes.' })
  return writeOrtGraph({ modelPath, outputPath, optimization, ...context })
}
