import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { profileModel } from '../../runtime/profile-model'
import type { JobContext } from './job-context'

export async function profile({ modelPath, options, data, tracePath }: JobParams<'profile'>, context: JobContext): Promise<JobResult<'profile'>> {
  return profileModel({ path: modelPath, options, data, tracePath, ...context })
}
