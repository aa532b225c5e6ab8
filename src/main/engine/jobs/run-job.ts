import { AppError } from '#shared/errors'
import { type JobKind, type JobResult, jobKinds } from '#shared/ipc/jobs'

export interface JobContext {
  /** A folder of this job's own, removed when it has ended. */
  readonly scratchFolder: string
  readonly signal: AbortSignal
  /** `phase` is a key of the translations; `fraction` is 0…1 of the whole job. */
  progress(phase: string, fraction: number | null, detail?: string): void
}

/** Runs one job in this process. `params` are parsed by the job's entry in the contract. */
export async function runJob(kind: JobKind, params: unknown, _context: JobContext): Promise<JobResult<JobKind>> {
  jobKinds[kind].params.parse(params)
  throw new AppError({ code: 'not-supported', message: `The job '${kind}' is not ready yet.` })
}
