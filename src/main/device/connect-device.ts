/** Phones over Wi-Fi: connecting to an address and pairing, which only the adb program does. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdbSettings } from '#shared/device'
import { AppError } from '#shared/errors'
import { openAdbServer, runAdb } from './adb-server'
import { findAdb } from './find-adb'

const CONNECT_MS = 15_000
const LIST_MS = 5000
const SCAN_MS = 120_000
const SCAN_PERIOD_MS = 1000
/** Host and port: names, IPv4, or IPv6 in brackets. */
const ADDRESS = /^(?:[\w.-]+|\[[0-9a-fA-F:.%]+\]):\d{1,5}$/

/** `adb connect`. Returns the serial. Throws AppError bad-usage, not-found (adb), device-lost. */
export async function connectDevice(address: string, settings: AdbSettings): Promise<string> {
  const wanted = /:\d+$/.test(address) ? address : `${address}:5555`
  const { text } = await ask(settings, ['connect', checkAddress(wanted)])
  // adb says so in words alone: its exit code is 0 either way.
  if (/^(already )?connected to /m.test(text)) return wanted
  throw new AppError({ code: 'device-lost', message: `adb could not connect to ${wanted}: ${text}`, hint: 'The phone shows its address under Developer options, Wireless debugging; it must be on the same network, and paired once.' })
}

/** `adb pair` with the six digits (or a QR code's password). Throws AppError bad-usage, not-supported where adb is too old, device-lost. */
export async function pairDevice(address: string, code: string, settings: AdbSettings): Promise<void> {
  // On its input, not among its arguments, which every user of this computer can read.
  const { text } = await ask(settings, ['pair', checkAddress(address)], `${code}\n`)
  if (/successfully paired/i.test(text)) return
  if (/unknown command|usage/i.test(text)) throw tooOld()
  throw new AppError({ code: 'device-lost', message: `The phone did not pair: ${text.replaceAll(code, '…')}`, hint: 'The code is valid once, while the phone shows it, and the port beside it is not the one to connect to.' })
}

export interface QrPairing {
  /** What the QR code says; the phone's own camera in Wireless debugging reads it. */
  readonly text: string
  readonly service: string
  readonly password: string
}

/** Name and password of Android's QR pairing (its "WIFI:T:ADB" form), new each time. */
export function newQrPairing(): QrPairing {
  const service = `edgefit-${randomBytes(4).toString('hex')}`
  const password = randomBytes(9).toString('base64url').replace(/[_-]/g, 'x')
  return { text: `WIFI:T:ADB;S:${service};P:${password};;`, service, password }
}

/** Waits until a phone that has read the code announces itself on the network, and pairs. Returns its address. Throws as `pairDevice`. */
export async function awaitQrPairing({ service, password }: Pick<QrPairing, 'service' | 'password'>, settings: AdbSettings): Promise<string> {
  const end = Date.now() + SCAN_MS
  while (Date.now() < end) {
    const { text } = await ask(settings, ['mdns', 'services'], undefined, LIST_MS)
    if (/unknown command|usage/i.test(text)) throw tooOld()
    const address = findPairingAddress(text, service)
    if (address !== null) {
      await pairDevice(address, password, settings)
      return address
    }
    await sleep(SCAN_PERIOD_MS)
  }
  throw new AppError({ code: 'device-lost', message: 'No phone has read the code.', hint: 'On the phone: Developer options, Wireless debugging, Pair device with QR code; both must be on the same network.' })
}

/** Reads `adb mdns services`: name, `_adb-tls-pairing._tcp`, address, one line each. */
export function findPairingAddress(text: string, service: string): string | null {
  const words = text.split('\n').map((line) => line.trim().split(/\s+/))
  return words.find(([name, type]) => name === service && type?.startsWith('_adb-tls-pairing._tcp') === true)?.[2] ?? null
}

async function ask(settings: AdbSettings, args: readonly string[], input?: string, timeout = CONNECT_MS): Promise<{ text: string }> {
  const adb = findAdb(settings.path)
  const { port } = await openAdbServer(settings)
  const { stdout, stderr, error } = await runAdb(adb, ['-P', String(port), ...args], { timeout, ...(input !== undefined && { input }) })
  return { text: `${stdout}\n${stderr}`.trim() || (error?.message ?? '') }
}

function checkAddress(address: string): string {
  if (ADDRESS.test(address)) return address
  throw new AppError({ code: 'bad-usage', message: `'${address}' is no address with a port.`, hint: 'For example 192.168.1.20:37123, as the phone shows it.' })
}

function tooOld(): AppError {
  return new AppError({ code: 'not-supported', message: 'This adb is too old for pairing, which came with version 30 (for the QR code, 31).', hint: 'Install current Android platform-tools and name its adb in the settings, or pair over a cable: `adb tcpip 5555`.' })
}
