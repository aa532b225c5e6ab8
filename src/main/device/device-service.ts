import { type DeployPlan, NETWORK_SERIAL } from '#shared/deploy'
import type { AdbSettings, DeviceFacts, DeviceList, DoctorCheck } from '#shared/device'
import type { Disposer } from '#shared/disposer'
import { AppError } from '#shared/errors'
import { openAdbServer } from './adb-server'
import { choosePlan, readRules } from './choose-plan'
import { awaitQrPairing, connectDevice, pairDevice } from './connect-device'
import { readDeviceFacts, unknownFacts } from './device-facts'
import { deviceRuntimeFolder } from './device-runtime'
import { examineDevices } from './examine-devices'
import { listDevices } from './list-devices'
import { openPhone } from './phone'
import { trackDevices } from './track-devices'

export interface DeviceService {
  /** Phones now, whatever their state; starts the adb server where there is none. What prevents a list is in `problem`. */
  list(): Promise<DeviceList>
  /** As `list`, and from then on each change is told. */
  watch(): Promise<DeviceList>
  /** Throws AppError not-found or device-lost. */
  facts(serial: string): Promise<DeviceFacts>
  /** What the rules choose for a phone. */
  plan(serial: string): Promise<DeployPlan>
  examine(serial: string | null): Promise<DoctorCheck[]>
  /** Over the network; see `connect-device.ts`. */
  connect(address: string): Promise<string>
  pair(address: string, code: string): Promise<void>
  awaitQrPairing(pairing: { readonly service: string; readonly password: string }): Promise<string>
  dispose(): void
}

export interface DeviceServiceOptions {
  /** Read at each use: the person may change it. */
  readonly settings: () => AdbSettings
  readonly appRoot: string
  readonly onChange: (list: DeviceList) => void
}

/** The phones of the user's adb server, for the shell. */
export function createDeviceService({ settings, appRoot, onChange }: DeviceServiceOptions): DeviceService {
  let tracking: { readonly key: string; readonly stop: Disposer } | null = null

  async function list(): Promise<DeviceList> {
    try {
      const { client } = await openAdbServer(settings())
      return { devices: await listDevices(client), problem: null }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { devices: [], problem: { message: error.message, hint: error.hint ?? null } }
    }
  }

  async function facts(serial: string): Promise<DeviceFacts> {
    const phone = await openPhone(serial, settings())
    try {
      return await readDeviceFacts(phone)
    } finally {
      await phone.close()
    }
  }

  return {
    list,
    async watch() {
      const current = await list()
      const key = JSON.stringify(settings())
      if (tracking?.key !== key) {
        tracking?.stop()
        tracking = { key, stop: trackDevices(settings(), onChange) }
      }
      return current
    },
    facts,
    async plan(serial) {
      const network = serial === NETWORK_SERIAL
      return choosePlan(readRules(appRoot), network ? unknownFacts(serial) : await facts(serial), { network })
    },
    examine: (serial) => examineDevices({ settings: settings(), serial, appRoot, runtimeFolder: deviceRuntimeFolder(appRoot) }),
    connect: (address) => connectDevice(address, settings()),
    pair: (address, code) => pairDevice(address, code, settings()),
    awaitQrPairing: (pairing) => awaitQrPairing(pairing, settings()),
    dispose() {
      tracking?.stop()
      tracking = null
    },
  }
}
