/** How warm, how fast and how hungry a phone is while a model runs on it. Makers hide much of it: null is what cannot be read. */
import type { SustainedSample } from '#shared/deploy'
import { toErrorData } from '#shared/errors'
import type { Phone } from './phone'

export type PhoneConditions = Pick<SustainedSample, 'batteryC' | 'hottestC' | 'clockMHz' | 'thermalStatus' | 'currentMa' | 'voltage'>

const END = '@@edgefit@@'
const PERIOD_S = 2
/** A phone whose services are slow under load is waited for. */
const STALL_MS = 30_000
/** Values of a thermal zone that are a temperature in thousandths of a degree; zones tell other things too. */
const PLAUSIBLE_MILLIDEGREES = { least: 10_000, most: 130_000 }
/** The kernel says microamperes; some phones say milliamperes. Nobody runs a model on less than 10 mA. */
const MICROAMPERES_FROM = 10_000

/** Only shell built-ins but for dumpsys: watching must not warm the phone. Nothing in the line comes from outside. */
const READ_ALL = [
  'dumpsys battery',
  'dumpsys thermalservice',
  'for f in /sys/class/thermal/thermal_zone*/temp; do read v < $f && echo "zone $v"; done',
  'for f in /sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq; do read v < $f && echo "clock $v"; done',
  'read v < /sys/class/power_supply/battery/current_now && echo "current $v"',
].join('; ')

export interface ConditionsWatch {
  /** As last heard. */
  latest(): PhoneConditions
  /** Why the phone stopped telling, or null. */
  problem(): string | null
  stop(): Promise<void>
}

/** Reads every two seconds over a connection of its own, and resolves with the first reading. */
export async function watchConditions(phone: Phone): Promise<ConditionsWatch> {
  const stopping = new AbortController()
  let latest: PhoneConditions = { batteryC: null, hottestC: null, clockMHz: null, thermalStatus: null, currentMa: null, voltage: null }
  let problem: string | null = null
  let begun = () => undefined as void
  const first = new Promise<void>((resolve) => (begun = resolve))
  let lines: string[] = []
  const ended = phone
    .follow(`while :; do { ${READ_ALL}; } 2>/dev/null </dev/null; echo ${END}; sleep ${String(PERIOD_S)}; done`, {
      signal: stopping.signal,
      stallMs: STALL_MS,
      onLine(line) {
        if (line.trim() !== END) return void lines.push(line)
        latest = parseConditions(lines.join('\n'))
        lines = []
        begun()
      },
    })
    .catch((error: unknown) => {
      if (!stopping.signal.aborted) problem = toErrorData(error).message
    })
  await Promise.race([first, ended])
  return {
    latest: () => latest,
    problem: () => problem,
    async stop() {
      stopping.abort(new DOMException('The watching is over.', 'AbortError'))
      await ended
    },
  }
}

export function parseConditions(text: string): PhoneConditions {
  const field = (name: string) => numberOrNull(new RegExp(`^\\s*${name}:\\s*(-?\\d+)\\s*$`, 'm').exec(text)?.[1])
  const all = (word: string) => [...text.matchAll(new RegExp(`^${word} (-?\\d+)\\r?$`, 'gm'))].map(([, value]) => Number(value))
  const temperature = field('temperature')
  const millivolts = field('voltage')
  const zones = all('zone').filter((value) => value >= PLAUSIBLE_MILLIDEGREES.least && value <= PLAUSIBLE_MILLIDEGREES.most)
  const clocks = all('clock')
  const [current] = all('current')
  return {
    batteryC: temperature === null ? null : temperature / 10,
    hottestC: zones.length === 0 ? null : Math.max(...zones) / 1000,
    clockMHz: clocks.length === 0 ? null : clocks.reduce((sum, clock) => sum + clock, 0) / clocks.length / 1000,
    thermalStatus: field('Thermal Status'),
    currentMa: current === undefined ? null : -(Math.abs(current) >= MICROAMPERES_FROM ? current / 1000 : current),
    voltage: millivolts === null ? null : millivolts / 1000,
  }
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}
