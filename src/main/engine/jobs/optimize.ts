import { AppError } from '#shared/errors'
import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { optimizeModel } from '../../passes/optimize-model'
import { fixedDims } from '../../passes/recipe-dims'
import type { JobContext } from './job-context'

/** Where a phone is asked, its part of the whole. */
const ON_PHONE = 0.35

/** The variant is the shell's to make: it owns the store. */
export async function optimize({ modelPath, recipe, data, outputPath, phone }: JobParams<'optimize'>, context: JobContext): Promise<JobResult<'optimize'>> {
  if (outputPath === undefined) throw new AppError({ code: 'bad-usage', message: 'The job does not say where its result goes.' })
  const report = await optimizeModel({ inputPath: modelPath, outputPath, recipe, data }, phone ? within(context, 0, 1 - ON_PHONE) : context)
  if (!phone) return { report, variant: null, phoneRuns: [] }
  const { measureOnPhone } = await import('./measure-on-phone')
  const options = { ...phone.options, dims: { ...phone.options.dims, ...fixedDims(recipe) } }
  const measured = await measureOnPhone({ source: modelPath, result: outputPath, data, phone: { ...phone, options } }, within(context, 1 - ON_PHONE, ON_PHONE))
  // Where the phone was heard, what this computer makes of the result is not what matters.
  const here = report.diagnostics.map((found) => (measured.phone && ['slower-than-source', 'not-fused'].includes(found.code) ? { ...found, severity: 'info' as const } : found))
  return { report: { ...report, phone: measured.phone, diagnostics: [...here, ...measured.diagnostics] }, variant: null, phoneRuns: measured.phoneRuns }
}

function within(context: JobContext, start: number, share: number): JobContext {
  return { ...context, progress: (phase, fraction, ...rest) => context.progress(phase, fraction === null ? null : start + share * fraction, ...rest) }
}
