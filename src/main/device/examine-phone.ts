/** What stands between one phone and a number measured on it, step by step. */
import { type AddressInfo, createServer } from 'node:net'
import type { DeviceFacts } from '#shared/device'
import { readDeviceFacts } from './device-facts'
import { type DeviceRuntime, openDeviceRuntime } from './device-runtime'
import { attempt, type Note } from './examine-step'
import { hashFiles } from './install-runtime'
import { probeLoader } from './probe-loader'
import type { Phone } from './phone'
import { ownFolder, removeFolder } from './phone-folders'
import { quoteShell } from './quote-shell'

const ECHOED = 'edgefit, 中文 and a \'quote\''
/** The runtime with some room for a model. */
const ROOM_BYTES = 100e6
/** Android's "moderate" (PowerManager.THERMAL_STATUS_MODERATE). */
const MODERATE = 2

/** Programs of the phone that are called, and what goes missing with each. Without those of null nothing can be deployed. */
const PROGRAMS: Readonly<Record<string, string | null>> = {
  mkdir: null,
  mv: null,
  rm: null,
  cat: null,
  ls: null,
  kill: null,
  sha256sum: null,
  find: 'what other computers left is not swept',
  df: 'free storage is not known',
  getprop: 'what the phone is is not known',
  dumpsys: 'battery and temperature are not known',
  taskset: 'chosen cores cannot be kept to',
  nice: 'giving way to other programs is not possible',
  am: 'the browser cannot be opened',
}

export async function examinePhone(phone: Phone, runtimeFolder: string, note: Note): Promise<void> {
  const echoed = await attempt('shell', note, () => phone.run(`printf %s ${quoteShell(ECHOED)}; exit 7`))
  if (!echoed) return
  const faithful = echoed.stdout === ECHOED && echoed.exitCode === 7
  note({ check: 'shell', status: faithful ? 'ok' : 'failed', message: faithful ? 'The shell takes words literally and tells exit codes.' : `The shell answered '${echoed.stdout}', exit code ${String(echoed.exitCode)}.`, hint: null })
  await examinePrograms(phone, note)
  const facts = await attempt('abi', note, () => readDeviceFacts(phone))
  if (!facts) return
  await examineCondition(phone, facts, note)
  await examineBrowser(phone, note)
  const runtime = await attempt('runtime', note, async () => openDeviceRuntime(runtimeFolder, facts.abis))
  await noteSystem(phone, facts, note)
  if (!runtime) return
  note({ check: 'runtime', status: 'ok', message: `onnxruntime ${runtime.onnxruntime} for ${runtime.abi} is built.`, hint: null })
  await examineLoader(phone, runtime, note)
}

async function examinePrograms(phone: Phone, note: Note): Promise<void> {
  const names = Object.keys(PROGRAMS)
  const answer = await attempt('programs', note, () => phone.run(names.map((name) => `command -v ${name} >/dev/null || echo ${name}`).join('; ')))
  if (!answer) return
  const missing = answer.stdout.split('\n').filter((name) => name !== '')
  if (missing.length === 0) return note({ check: 'programs', status: 'ok', message: 'The phone’s shell has every program that is called.', hint: null })
  const needed = missing.filter((name) => PROGRAMS[name] === null)
  const costs = missing.flatMap((name) => (PROGRAMS[name] === null ? [] : [`${name} (${PROGRAMS[name] ?? ''})`]))
  note({
    check: 'programs',
    status: needed.length > 0 ? 'failed' : 'warning',
    message: `The phone’s shell has no ${[...needed, ...costs].join(', ')}.`,
    hint: needed.length > 0 ? 'It is not Android’s usual shell. Try the phone with its maker’s system, and send this report.' : null,
  })
}

/** What the phone is, for whoever reads the report. */
async function noteSystem(phone: Phone, facts: DeviceFacts, note: Note): Promise<void> {
  const asked = await attempt('abi', note, () => phone.run('uname -r; getenforce 2>/dev/null; getprop ro.build.fingerprint'))
  if (!asked) return
  const about = [
    [facts.maker, facts.model, facts.soc].filter((part) => part !== null).join(', '),
    `Android ${facts.androidVersion ?? '?'}`,
    facts.abis.join(', '),
    ...asked.stdout.split('\n').map((line) => line.trim()),
  ]
  note({ check: 'abi', status: facts.abis.length > 0 ? 'ok' : 'warning', message: `${about.filter((part) => part !== '').join('; ')}.`, hint: null })
}

/** What would make figures poor, or a run stop. */
async function examineCondition(phone: Phone, facts: DeviceFacts, note: Note): Promise<void> {
  const { storageFreeBytes, thermalStatus } = facts
  if (storageFreeBytes !== null && storageFreeBytes < ROOM_BYTES) {
    note({ check: 'storage', status: 'warning', message: `There are ${(storageFreeBytes / 1e6).toFixed(0)} MB free on the phone.`, hint: 'The runtime takes 30 to 52 MB, and the model comes on top. Free some storage.' })
  } else if (storageFreeBytes !== null) note({ check: 'storage', status: 'ok', message: `There are ${(storageFreeBytes / 1e9).toFixed(1)} GB free on the phone.`, hint: null })
  const asked = await attempt('condition', note, () => phone.run('dumpsys power 2>/dev/null | grep mWakefulness=; echo "saver $(settings get global low_power 2>/dev/null)"'))
  if (!asked) return
  const problems = [
    /^\s*mWakefulness=(?!Awake)/m.test(asked.stdout) && ['the screen is off', 'turn it on, and keep it on (Developer options, Stay awake): browsers stop without it'],
    /^saver 1\s*$/m.test(asked.stdout) && ['the battery saver is on', 'turn it off: it lowers the clocks'],
    thermalStatus !== null && thermalStatus >= MODERATE && [`it is hot (thermal status ${String(thermalStatus)})`, 'let it cool'],
  ].filter((problem) => problem !== false)
  if (problems.length === 0) return note({ check: 'condition', status: 'ok', message: 'Nothing was found that slows the phone down.', hint: null })
  note({ check: 'condition', status: 'warning', message: `Figures would be poor: ${problems.map(([what]) => what).join(', ')}.`, hint: `Before measuring: ${problems.map(([, remedy]) => remedy).join('; ')}.` })
}

/** What the browser runtime needs: a way back to this computer, and something that opens addresses. */
async function examineBrowser(phone: Phone, note: Note): Promise<void> {
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

async function examineLoader(phone: Phone, runtime: DeviceRuntime, note: Note): Promise<void> {
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
