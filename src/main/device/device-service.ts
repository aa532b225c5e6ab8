import type { AdbSettings, DeviceFacts, DeviceList, DoctorCheck } from '#shared/device'
import type { Disposer } from '#shared/disposer'
import { AppError } from '#shared/errors'
import { openAdbServer } from './adb-server'
import { readDeviceFacts } from './device-facts'
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
  examine(serial: string | null): Promise<DoctorCheck[]>
  dispose(): void
}

export interface DeviceServiceOptions {
  /** Read at each use: the person may change it. */
  readonly settings: () => AdbSettings
  readonly runtimeFolder: string
  readonly onChange: (list: DeviceList) => void
}

/** The phones of the user's adb server, for the shell. */
export function createDeviceService({ settings, runtimeFolder, onChange }: DeviceServiceOptions): DeviceService {
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
    async facts(serial) {
      const phone = await openPhone(serial, settings())
      try {
        return await readDeviceFacts(phone)
      } finally {
        await phone.close()
      }
    },
    examine: (serial) => examineDevices({ settings: settings(), serial, runtimeFolder }),
    dispose() {
      tracking?.stop()
      tracking = null
    },
  }
}
