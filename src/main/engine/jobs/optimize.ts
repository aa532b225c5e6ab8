import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { AppError } from '#shared/errors'
import { optimizeModel } from '../../passes/optimize-model'
import type { JobContext } from './job-context'

/** The variant is the shell's to make: it owns the store. */
export async function optimize({ modelPath, recipe, data, outputPath }: JobParams<'optimize'>, context: JobContext): Promise<JobResult<'optimize'>> {
  if (outputPath === undefined) throw new AppError({ code: 'bad-usage', message: 'The job does not say where its result goes.' })
  return { report: await optimizeModel({ inputPath: modelPath, outputPath, recipe, data }, context), variant: null }
}
