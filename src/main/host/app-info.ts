import { join } from 'node:path'
import type { AppInfo } from '#shared/ipc/contract'
import { describeDevice } from '../runtime/device-conditions'
import { packageVersion } from './app-root'

export function appInfo({ host, appRoot, openAtStart }: { host: AppInfo['host']; appRoot: string; openAtStart: readonly string[] }): AppInfo {
  return {
    version: packageVersion(appRoot),
    host,
    platform: process.platform,
    node: process.versions.node,
    onnxruntime: packageVersion(join(appRoot, 'node_modules', 'onnxruntime-node')),
    electron: process.versions.electron ?? null,
    device: describeDevice(),
    openAtStart: [...openAtStart],
  }
}
