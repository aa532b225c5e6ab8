/** What a phone says of itself to the shell user. Makers hide some of it: what cannot be read is null, never guessed. */
import type { DeviceFacts } from '#shared/device'
import type { Phone } from './phone'

const MARK = '@@edgefit@@'

/** One connection for all: each is some milliseconds on a cable. Nothing in the line comes from outside. */
const QUESTIONS = [
  'getprop',
  'cat /proc/meminfo',
  'cat /proc/cpuinfo',
  'for c in /sys/devices/system/cpu/cpu[0-9]*; do echo "core $(cat $c/cpufreq/cpuinfo_max_freq 2>/dev/null)"; done',
  'df -k /data/local/tmp',
  'dumpsys battery',
  'dumpsys thermalservice',
]

/** Throws AppError device-lost. */
export async function readDeviceFacts(phone: Phone): Promise<DeviceFacts> {
  const { stdout } = await phone.run(`{ ${QUESTIONS.map((question) => `{ ${question}; } 2>/dev/null`).join(`; echo; echo ${MARK}; `)}; } </dev/null`)
  return parseFacts(phone.serial, stdout)
}

export function parseFacts(serial: string, text: string): DeviceFacts {
  const [properties = '', meminfo = '', cpuinfo = '', cores = '', disk = '', battery = '', thermal = ''] = text.replaceAll('\r', '').split(`${MARK}\n`)
  const property = propertyReader(properties)
  return {
    serial,
    maker: property('ro.product.manufacturer'),
    model: property('ro.product.model'),
    soc: [property('ro.soc.manufacturer'), property('ro.soc.model') ?? property('ro.board.platform') ?? property('ro.hardware')].filter((part) => part !== null).join(' ') || null,
    abis: (property('ro.product.cpu.abilist') ?? property('ro.product.cpu.abi') ?? '').split(',').filter((abi) => abi !== ''),
    androidVersion: property('ro.build.version.release'),
    sdk: wholeOrNull(property('ro.build.version.sdk')),
    cores: [...cores.matchAll(/^core ?(\d*)$/gm)].map(([, kilohertz]) => ({ maxMHz: kilohertz === undefined || kilohertz === '' ? null : Number(kilohertz) / 1000 })),
    cpuFeatures: (/^(?:Features|flags)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? '').split(/\s+/).filter((word) => word !== ''),
    memoryBytes: parseMemory(meminfo),
    storageFreeBytes: parseFreeStorage(disk),
    battery: parseBattery(battery),
    thermalStatus: wholeOrNull(/^\s*Thermal Status:\s*(\d+)/m.exec(thermal)?.[1] ?? null),
    vulkanDriver: property('ro.hardware.vulkan'),
  }
}

/** `getprop` prints `[key]: [value]`; an empty value is as none. */
function propertyReader(text: string): (key: string) => string | null {
  const values = new Map([...text.matchAll(/^\[([^\]]+)\]: \[([^\n]*)\]$/gm)].map(([, key = '', value = '']) => [key, value.trim()]))
  return (key) => values.get(key) || null
}

function parseMemory(meminfo: string): DeviceFacts['memoryBytes'] {
  const bytes = (field: string) => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  }
  const [total, available] = [bytes('MemTotal'), bytes('MemAvailable') ?? bytes('MemFree')]
  return total === null || available === null ? null : { total, available }
}

/** The last line of `df -k`: device, size, used, free, share, place; a long device name may stand on a line of its own. */
function parseFreeStorage(disk: string): number | null {
  const numbers = disk.trim().split('\n').slice(1).join(' ').split(/\s+/).filter((word) => /^\d+$/.test(word))
  const free = numbers[2]
  return free === undefined ? null : Number(free) * 1024
}

/** Tenths of a degree; status 2 is charging, 5 full (android.os.BatteryManager). */
function parseBattery(text: string): DeviceFacts['battery'] {
  const field = (name: string) => wholeOrNull(new RegExp(`^\\s*${name}:\\s*(-?\\d+)\\s*$`, 'm').exec(text)?.[1] ?? null)
  const [level, scale, temperature, status] = [field('level'), field('scale'), field('temperature'), field('status')]
  if (level === null && temperature === null && status === null) return null
  return {
    levelPercent: level === null ? null : (level / (scale ?? 100)) * 100,
    temperatureC: temperature === null ? null : temperature / 10,
    charging: status === null ? null : status === 2 || status === 5,
  }
}

function wholeOrNull(text: string | null): number | null {
  return text !== null && /^-?\d+$/.test(text) ? Number(text) : null
}

/** Of a phone that is not asked over adb. */
export function unknownFacts(serial: string): DeviceFacts {
  return { ...parseFacts(serial, ''), cores: [] }
}
