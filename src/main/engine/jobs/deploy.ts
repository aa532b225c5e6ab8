import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { deployModel } from '../../device/deploy-model'
import { deviceRuntimeFolder } from '../../device/device-runtime'
import { findAppRoot } from '../../host/app-root'
import type { JobContext } from './job-context'

export async function deploy({ modelPath, serial, options, data, adb }: JobParams<'deploy'>, context: JobContext): Promise<JobResult<'deploy'>> {
  return deployModel({ path: modelPath, serial, options, data, adb, runtimeFolder: deviceRuntimeFolder(findAppRoot(import.meta.dirname)), ...context })
}
