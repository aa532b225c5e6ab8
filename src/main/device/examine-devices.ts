/** What stands between this computer and a number measured on a phone, step by step, for a report that can be sent. */
import { type AddressInfo, createServer } from 'node:net'
import type { AdbSettings, DeviceEntry, DoctorCheck } from '#shared/device'
import { toErrorData } from '#shared/errors'
import { adbProgramVersion, type AdbServer, openAdbServer } from './adb-server'
import { readDeviceFacts } from './device-facts'
import { type DeviceRuntime, openDeviceRuntime } from './device-runtime'
import { findAdb } from './find-adb'
import { hashFiles, probeLoader } from './install-runtime'
import { listDevices } from './list-devices'
import { openPhone, type Phone } from './phone'
import { ownFolder, removeFolder } from './phone-folders'
import { quoteShell } from './quote-shell'

export interface ExamineOptions {
  readonly settings: AdbSettings
  /** Only this phone; all of them where null. */
  readonly serial: string | null
  readonly runtimeFolder: string
}

type Step = Omit<DoctorCheck, 'serial'>
const ECHOED = 'edgefit, 中文 and a \'quote\''

/** Never throws for what it finds: each finding is a check. What comes after a failed one is left out. */
export async function examineDevices({ settings, serial, runtimeFolder }: ExamineOptions): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = []
  const note = (step: Step) => void checks.push({ serial: null, ...step })
  const program = await examineProgram(settings, note)
  const server = await attempt('server', note, () => openAdbServer(settings))
  if (!server) return checks
  note(versionStep(server, program))
  const listed = await attempt('devices', note, () => listDevices(server.client))
  if (!listed) return checks
  const devices = listed.filter((device) => serial === null || device.serial === serial)
  if (devices.length === 0) {
    note({ check: 'devices', status: 'failed', message: serial === null ? 'No phone is connected.' : `No phone with the serial '${serial}' is connected.`, hint: 'Turn on USB debugging in the developer options and plug the phone in.' })
  } else note({ check: 'devices', status: 'ok', message: `Connected: ${devices.map((device) => `${device.serial} (${device.state})`).join(', ')}.`, hint: null })
  for (const device of devices) checks.push(...(await examineDevice(device, settings, runtimeFolder)).map((step) => ({ ...step, serial: device.serial })))
  return checks
}

async function examineProgram(settings: AdbSettings, note: (step: Step) => void): Promise<number | null> {
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

async function examineDevice(device: DeviceEntry, settings: AdbSettings, runtimeFolder: string): Promise<Step[]> {
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
    await examinePhone(phone, runtimeFolder, note)
  } finally {
    await phone.close()
  }
  return steps
}

async function examinePhone(phone: Phone, runtimeFolder: string, note: (step: Step) => void): Promise<void> {
  const echoed = await attempt('shell', note, () => phone.run(`printf %s ${quoteShell(ECHOED)}; exit 7`))
  if (!echoed) return
  const faithful = echoed.stdout === ECHOED && echoed.exitCode === 7
  note({ check: 'shell', status: faithful ? 'ok' : 'failed', message: faithful ? 'The shell takes words literally and tells exit codes.' : `The shell answered '${echoed.stdout}', exit code ${String(echoed.exitCode)}.`, hint: null })
  const facts = await attempt('abi', note, () => readDeviceFacts(phone))
  if (!facts) return
  const about = `${[facts.maker, facts.model, facts.soc].filter((part) => part !== null).join(', ')}; Android ${facts.androidVersion ?? '?'}; ${facts.abis.join(', ')}`
  const runtime = await attempt('runtime', note, async () => openDeviceRuntime(runtimeFolder, facts.abis))
  await examineBrowser(phone, note)
  note({ check: 'abi', status: runtime ? 'ok' : 'warning', message: `${about}.`, hint: null })
  if (!runtime) return
  note({ check: 'runtime', status: 'ok', message: `onnxruntime ${runtime.onnxruntime} for ${runtime.abi} is built.`, hint: null })
  await examineLoader(phone, runtime, note)
}

/** What the browser runtime needs: a way back to this computer, and something that opens addresses. */
async function examineBrowser(phone: Phone, note: (step: Step) => void): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const opened = await attempt('tunnel', note, () => phone.openTunnel(port))
    if (opened === null) return
    await phone.closeTunnel(opened)
    note({ check: 'tunnel', status: 'ok', message: 'The phone can reach this computer through adb.', hint: null })
  } finally {
    server.close()
  }
  // Asked, not opened: nothing is to appear on the screen.
  const found = await attempt('browser', note, () => phone.run('cmd package resolve-activity --brief -a android.intent.action.VIEW -d http://127.0.0.1/'))
  if (!found) return
  const activity = found.stdout.trim().split('\n').at(-1) ?? ''
  const known = found.exitCode === 0 && activity.includes('/')
  note({ check: 'browser', status: known ? 'ok' : 'warning', message: known ? `Addresses are opened by ${activity}.` : 'The phone does not say what opens addresses.', hint: known ? null : 'The browser runtime needs a browser on the phone.' })
}

async function examineLoader(phone: Phone, runtime: DeviceRuntime, note: (step: Step) => void): Promise<void> {
  const folder = ownFolder('part')
  const loader = `${folder}/${runtime.loader}`
  try {
    const pushed = await attempt('exec', note, async () => {
      await phone.run(`mkdir -p ${quoteShell(folder)}`)
      await phone.push(`${runtime.folder}/${runtime.loader}`, loader, { mode: 0o755 })
      return hashFiles(phone, [loader])
    })
    if (!pushed) return
    const same = pushed[0] === runtime.files.find(({ name }) => name === runtime.loader)?.sha256
    note({ check: 'hashing', status: same ? 'ok' : 'failed', message: same ? 'sha256sum on the phone agrees.' : 'sha256sum on the phone gives nothing, or another hash.', hint: null })
    const ran = await attempt('loader', note, async () => {
      await probeLoader(phone, folder, runtime.loader)
      return true
    })
    if (ran) note({ check: 'loader', status: 'ok', message: `The loader runs from ${folder.slice(0, folder.lastIndexOf('/'))}.`, hint: null })
  } finally {
    // A phone that is away now is swept with the next deploy.
    await removeFolder(phone, folder).catch(() => undefined)
  }
}

/** Null where it failed, and a check that says why. */
async function attempt<T>(check: Step['check'], note: (step: Step) => void, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const { message, hint } = toErrorData(error)
    note({ check, status: 'failed', message, hint: hint ?? null })
    return null
  }
}
