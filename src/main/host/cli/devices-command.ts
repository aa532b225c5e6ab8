import { Command } from 'commander'
import type { DeviceEntry, DeviceFacts, DoctorCheck } from '#shared/device'
import { toErrorData } from '#shared/errors'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { type Session, withSession } from './session'
import { bytesText, table } from './text'

type DescribedDevice = DeviceEntry & { readonly facts: DeviceFacts | null }

export function devicesCommand(context: CliContext): Command {
  return new Command('devices')
    .description('List the phones that adb sees, with what they are; `devices doctor` examines them.')
    .argument('[what]', '`doctor`: checks adb, permission, processor, running programs from /data/local/tmp and the loader')
    .option('--device <serial>', 'only this phone')
    .addOption(jsonOption())
    .action(async (what: string | undefined, { device, json }: { device?: string; json?: true }, command: Command) => {
      if (what === undefined) return listPhones(context, { serial: device ?? null, asJson: json === true })
      if (what === 'doctor') return examine(context, { serial: device ?? null, asJson: json === true })
      command.error(`error: unknown '${what}'; only 'doctor' can follow`)
    })
}

interface Asked {
  /** Null: all phones. */
  readonly serial: string | null
  readonly asJson: boolean
}

async function listPhones(context: CliContext, { serial, asJson }: Asked): Promise<void> {
  const list = await withSession(context, async (session) => {
    const { devices, problem } = await session.request('devices.list', {})
    const wanted = devices.filter((device) => serial === null || device.serial === serial)
    return { devices: await Promise.all(wanted.map((device) => describe(session, device))), problem }
  })
  if (asJson) printJson(list)
  else if (list.problem) say(`${list.problem.message}\n${list.problem.hint ?? ''}`.trim())
  else say(list.devices.length === 0 ? 'No phone is connected.' : table([['serial', 'state', 'phone'], ...list.devices.map(deviceRow)]))
}

/** A phone that goes away while it is asked stays in the list, without its facts. */
async function describe(session: Session, device: DeviceEntry): Promise<DescribedDevice> {
  if (device.state !== 'ready') return { ...device, facts: null }
  try {
    return { ...device, facts: await session.request('devices.facts', { serial: device.serial }) }
  } catch (error) {
    return { ...device, facts: null, hint: toErrorData(error).message }
  }
}

function deviceRow({ serial, state, name, hint, facts }: DescribedDevice): string[] {
  return [serial, state, facts ? factsText(facts) : `${name}${hint === null ? '' : `\n${hint}`}`]
}

export function factsText(facts: DeviceFacts): string {
  const clocks = facts.cores.flatMap(({ maxMHz }) => maxMHz ?? [])
  return [
    [facts.maker, facts.model].filter((part) => part !== null).join(' '),
    facts.soc,
    facts.abis.join('/'),
    facts.androidVersion === null ? null : `Android ${facts.androidVersion}`,
    `${String(facts.cores.length)} cores${clocks.length === 0 ? '' : ` up to ${(Math.max(...clocks) / 1000).toFixed(2)} GHz`}`,
    facts.memoryBytes && `${bytesText(facts.memoryBytes.available)} of ${bytesText(facts.memoryBytes.total)} memory free`,
    facts.storageFreeBytes !== null && `${bytesText(facts.storageFreeBytes)} storage free`,
    typeof facts.battery?.levelPercent === 'number' && `battery ${facts.battery.levelPercent.toFixed(0)} %${facts.battery.temperatureC === null ? '' : ` at ${facts.battery.temperatureC.toFixed(1)} °C`}`,
    facts.thermalStatus !== null && facts.thermalStatus > 0 && `throttled (thermal status ${String(facts.thermalStatus)})`,
  ]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(', ')
}

async function examine(context: CliContext, { serial, asJson }: Asked): Promise<void> {
  const checks = await withSession(context, ({ request }) => request('devices.doctor', { serial }))
  if (asJson) printJson(checks)
  else say(checks.map(checkText).join('\n'))
}

function checkText({ serial, check, status, message, hint }: DoctorCheck): string {
  return `${status.padEnd(7)} ${serial === null ? '' : `${serial} `}${check}: ${message}${hint === null ? '' : `\n        ${hint}`}`
}
