import type { AdbServerClient } from '@yume-chan/adb'
import type { DeviceEntry, DeviceState } from '#shared/device'

/** States of adb's list, as `adb devices` names them. */
const STATES: Readonly<Record<string, DeviceState>> = {
  device: 'ready',
  unauthorized: 'unauthorized',
  authorizing: 'authorizing',
  connecting: 'authorizing',
  offline: 'offline',
  recovery: 'recovery',
  rescue: 'recovery',
  sideload: 'sideload',
  bootloader: 'bootloader',
}

/** What to do about a phone in each state; null where nothing need be done. */
const HINTS: Readonly<Record<DeviceState, string | null>> = {
  ready: null,
  unauthorized: 'Unlock the phone and allow USB debugging for this computer in the dialog it shows. No dialog: unplug it and plug it in again.',
  authorizing: 'The phone is being asked for permission; wait a moment.',
  offline: 'The phone does not answer. Unplug it and plug it in again, or connect to it again over the network.',
  'no-permissions': 'This system does not let you use the USB device. On Linux install the udev rules (Debian: apt install android-sdk-platform-tools-common) and plug it in again.',
  recovery: 'The phone is in recovery. Start Android on it.',
  sideload: 'The phone waits for a sideload. Start Android on it.',
  bootloader: 'The phone is in its bootloader. Start Android on it.',
  unknown: 'adb reports a state that is not known here. Start Android on the phone and plug it in again.',
}

/** Phones that the server knows, in its order, whatever their state. */
export async function listDevices(client: AdbServerClient): Promise<DeviceEntry[]> {
  const stream = await client.createConnection('host:devices-l')
  try {
    return parseDeviceList(await stream.readString())
  } finally {
    await stream.dispose()
  }
}

/** Reads the answer to `host:devices-l`: `<serial> <state> product:… model:… device:… transport_id:…`, one line each. */
export function parseDeviceList(text: string): DeviceEntry[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [serial = '', ...rest] = line.trim().split(/\s+/)
      const state: DeviceState = rest[0] === 'no' && rest[1]?.startsWith('permissions') === true ? 'no-permissions' : (STATES[rest[0] ?? ''] ?? 'unknown')
      const model = rest.find((word) => word.startsWith('model:'))?.slice('model:'.length)
      return { serial, state, name: model?.replaceAll('_', ' ') ?? serial, hint: HINTS[state] }
    })
}
