/** What the phones panel asks of the shell. */
import { NETWORK_SERIAL } from '#shared/deploy'
import type { RequestParams } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { requestJob } from '../session/jobs'
import { reportError } from '../session/report-error'
import { useDevicesStore } from '../stores/devices-store'

/** From the first look on, the shell tells of each change. */
export function lookForPhones(): void {
  getBridge().request('devices.list', {}).then(useDevicesStore.getState().setList, (error: unknown) => reportError(error))
}

/** Follows what is measured on phones, until the function it returns is called. */
export function followRuns(): () => void {
  const read = (): void => void getBridge().request('devices.runs', {}).then(useDevicesStore.getState().setRuns, (error: unknown) => reportError(error))
  read()
  return getBridge().on('deviceRuns', read)
}

/** What the phone is now, and what the rules make of it. */
export async function learnAboutPhone(serial: string): Promise<void> {
  const bridge = getBridge()
  try {
    const [facts, plan] = await Promise.all([serial === NETWORK_SERIAL ? null : bridge.request('devices.facts', { serial }), bridge.request('devices.plan', { serial })])
    useDevicesStore.getState().learn(serial, facts, plan)
  } catch (error) {
    reportError(error)
  }
}

export type DeployParams = Extract<RequestParams<'job.start'>, { kind: 'deploy' }>['params']

export async function deployTo(serials: readonly string[], params: Omit<DeployParams, 'serial'>): Promise<void> {
  for (const serial of serials) {
    const jobId = await requestJob({ kind: 'deploy', params: { ...params, serial } })
    // Where one could not be started, the reason is told, and holds for the others too.
    if (jobId === null) return
    useDevicesStore.getState().noteDeploy(serial, jobId)
  }
}

export function forgetRun(id: string): void {
  getBridge()
    .request('devices.forgetRun', { id })
    .catch((error: unknown) => reportError(error))
}
