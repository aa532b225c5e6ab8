import { setTimeout as sleep } from 'node:timers/promises'
import type { AdbSettings, DeviceList } from '#shared/device'
import type { Disposer } from '#shared/disposer'
import { toErrorData } from '#shared/errors'
import { findAdbServer } from './adb-server'
import { listDevices, parseDeviceList } from './list-devices'

const RETRY_MS = 3000
/** adb 29 does not report a network phone that goes offline: the list is asked for as well, now and then. */
const RELIST_MS = 4000

/**
 * Tells of each change of the list of phones as the server reports it. Where the server goes away the list is empty with
 * the reason, and the server is looked for again every few seconds; it is not started, since whoever ended it may have
 * meant to.
 */
export function trackDevices(settings: AdbSettings, onChange: (list: DeviceList) => void): Disposer {
  const stopping = new AbortController()
  void follow(settings, onChange, stopping.signal)
  return () => stopping.abort()
}

async function follow(settings: AdbSettings, onChange: (list: DeviceList) => void, signal: AbortSignal): Promise<void> {
  let told = ''
  const tell = (list: DeviceList) => {
    const text = JSON.stringify(list)
    if (text === told || signal.aborted) return
    told = text
    onChange(list)
  }
  while (!signal.aborted) {
    try {
      await followServer(settings, tell, signal)
    } catch (error) {
      const { message, hint } = toErrorData(error)
      tell({ devices: [], problem: { message: `The adb server went away: ${message}`, hint: hint ?? null } })
    }
    await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

async function followServer(settings: AdbSettings, tell: (list: DeviceList) => void, signal: AbortSignal): Promise<void> {
  const server = await findAdbServer(settings)
  if (!server) {
    tell({ devices: [], problem: { message: 'The adb server is not running.', hint: 'It is started with the next look at the devices.' } })
    return
  }
  // Unreferenced: watching for phones must not keep a program running.
  const stream = await server.client.createConnection('host:track-devices-l', { unref: true })
  const close = () => void stream.dispose().catch(() => undefined)
  signal.addEventListener('abort', close)
  const relist = setInterval(() => void listDevices(server.client).then((devices) => tell({ devices, problem: null }), close), RELIST_MS).unref()
  try {
    while (!signal.aborted) tell({ devices: parseDeviceList(await stream.readString()), problem: null })
  } finally {
    clearInterval(relist)
    signal.removeEventListener('abort', close)
    close()
  }
}
