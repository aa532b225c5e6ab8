import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { profileLimits } from '../../runtime/profile-limits'
import type { JobContext } from './job-context'

export async function limits({ modelPath, ...params }: JobParams<'limits'>, { scratchFolder, signal, progress }: JobContext): Promise<JobResult<'limits'>> {
  return profileLimits({ path: modelPath, ...params, scratchFolder, signal, progress })
}
