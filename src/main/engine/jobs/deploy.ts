import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { readRules } from '../../device/choose-plan'
import { deployModel } from '../../device/deploy-model'
import { deviceRuntimeFolder } from '../../device/device-runtime'
import { findAppRoot } from '../../host/app-root'
import type { JobContext } from './job-context'

export async function deploy({ modelPath, serial, options, data, adb }: JobParams<'deploy'>, context: JobContext): Promise<JobResult<'deploy'>> {
  const appRoot = findAppRoot(import.meta.dirname)
  return deployModel({ path: modelPath, serial, options, data, adb, rules: readRules(appRoot), runtimeFolder: deviceRuntimeFolder(appRoot), ...context })
}
