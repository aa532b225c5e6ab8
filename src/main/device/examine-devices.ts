/** What stands between this computer and a number measured on a phone, step by step, for a report that can be sent. */
import type { AdbSettings, DeviceEntry, DoctorCheck } from '#shared/device'
import { packageVersion } from '../host/app-root'
import { adbProgramVersion, type AdbServer, openAdbServer } from './adb-server'
import { examinePhone } from './examine-phone'
import { attempt, type Note, type Step } from './examine-step'
import { findAdb } from './find-adb'
import { listDevices } from './list-devices'
import { openPhone } from './phone'

export interface ExamineOptions {
  readonly settings: AdbSettings
  /** Only this phone; all of them where null. */
  readonly serial: string | null
  readonly appRoot: string
  readonly runtimeFolder: string
}

const NONE_CONNECTED =
  'Turn on USB debugging in the developer options and plug the phone in, with a cable that carries data, as “File transfer” rather than “Charging only”. Samsung’s Auto Blocker and managed work phones forbid it.'

/** Never throws for what it finds: each finding is a check. What comes after a failed one is left out. */
export async function examineDevices({ settings, serial, appRoot, runtimeFolder }: ExamineOptions): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = []
  const note = (step: Step) => void checks.push({ serial: null, ...step })
  note({ check: 'computer', status: 'ok', message: `Edgefit ${packageVersion(appRoot)}, Node ${process.versions.node}, ${process.platform} ${process.arch}.`, hint: null })
  const program = await examineProgram(settings, note)
  const server = await attempt('server', note, () => openAdbServer(settings))
  if (!server) return checks
  note(versionStep(server, program))
  const listed = await attempt('devices', note, () => listDevices(server.client))
  if (!listed) return checks
  const devices = listed.filter((device) => serial === null || device.serial === serial)
  if (devices.length === 0) {
    note({ check: 'devices', status: 'failed', message: serial === null ? 'No phone is connected.' : `No phone with the serial '${serial}' is connected.`, hint: NONE_CONNECTED })
  } else note({ check: 'devices', status: 'ok', message: `Connected: ${devices.map((device) => `${device.serial} (${device.state})`).join(', ')}.`, hint: null })
  const hardware: { serial: string; number: string }[] = []
  for (const device of devices) {
    const steps = await examineDevice(device, { settings, runtimeFolder, onHardware: (number) => void hardware.push({ serial: device.serial, number }) })
    checks.push(...steps.map((step) => ({ ...step, serial: device.serial })))
  }
  for (const step of transportSteps(devices.map((device) => device.serial), hardware)) note(step)
  return checks
}

async function examineProgram(settings: AdbSettings, note: Note): Promise<number | null> {
  const path = await attempt('adb', note, async () => findAdb(settings.path))
  if (path === null) return null
  const { version, text } = await adbProgramVersion(path)
  note({ check: 'adb', status: version === null ? 'warning' : 'ok', message: `${path}: ${text}.`, hint: null })
  return version
}

function versionStep({ port, version }: AdbServer, program: number | null): Step {
  const message = `The server on port ${String(port)} is version 1.0.${String(version)}.`
  if (program === null || program === version) return { check: 'server', status: 'ok', message, hint: null }
  return {
    check: 'server',
    status: 'warning',
    message: `${message} The adb program is 1.0.${String(program)}.`,
    hint: 'Two adb programs of different versions end each other’s server. Name the one that your other tools use in the settings.',
  }
}

interface ExamineDevice {
  readonly settings: AdbSettings
  readonly runtimeFolder: string
  /** Called with the number the maker gave the phone. */
  readonly onHardware: (number: string) => void
}

async function examineDevice(device: DeviceEntry, { settings, runtimeFolder, onHardware }: ExamineDevice): Promise<Step[]> {
  const steps: Step[] = []
  const note = (step: Step) => void steps.push(step)
  if (device.state !== 'ready') {
    note({ check: 'permission', status: 'failed', message: `The phone is ${device.state}.`, hint: device.hint })
    return steps
  }
  note({ check: 'permission', status: 'ok', message: 'The phone lets this computer in.', hint: null })
  const phone = await attempt('shell', note, () => openPhone(device.serial, settings))
  if (!phone) return steps
  try {
    const asked = await attempt('shell', note, () => phone.run('getprop ro.serialno'))
    const number = asked?.stdout.trim() ?? ''
    if (number !== '') onHardware(number)
    await examinePhone(phone, runtimeFolder, note)
  } finally {
    await phone.close()
  }
  return steps
}

/** One phone over cable and Wi-Fi is two entries; two cheap phones may tell one serial, and adb cannot tell them apart. */
export function transportSteps(serials: readonly string[], hardware: readonly { readonly serial: string; readonly number: string }[]): Step[] {
  const twice = serials.find((serial, at) => serials.indexOf(serial) !== at)
  const numbers = [...new Set(hardware.map(({ number }) => number))]
  const same = numbers.map((number) => hardware.filter((entry) => entry.number === number).map(({ serial }) => serial)).filter((entries) => entries.length > 1)
  return [
    ...(twice === undefined
      ? []
      : [{ check: 'transports', status: 'failed', message: `Two phones tell the serial '${twice}'.`, hint: 'adb cannot tell them apart: connect one at a time, or one of them over Wi-Fi.' } as const]),
    ...same.map(
      (entries) => ({ check: 'transports', status: 'warning', message: `One phone is connected ${String(entries.length)} times: ${entries.join(', ')}.`, hint: 'Name one with --device; the cable is faster, but charges the battery. `--all` would run on it twice at the same time.' }) as const,
    ),
  ]
}
