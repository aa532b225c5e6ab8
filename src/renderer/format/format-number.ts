/** Figures for people. Each gives value and unit apart, so that the unit can be drawn lighter. */
export interface Quantity {
  readonly value: string
  readonly unit: string
}

/** Three significant digits with decimal SI prefixes, as files and phones are sold: 1 MB is 1 000 000 bytes. */
export function formatBytes(bytes: number): Quantity {
  return withPrefix(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
}

/** Elements, parameters, multiply–accumulates: 1234 is `1.23 k`. */
export function formatCount(count: number): Quantity {
  return withPrefix(count, ['', 'k', 'M', 'G', 'T'])
}

/** Milliseconds to three significant digits, as µs, ms or s. */
export function formatMs(ms: number): Quantity {
  if (ms !== 0 && Math.abs(ms) < 0.1) return { value: significant(ms * 1000), unit: 'µs' }
  if (Math.abs(ms) < 1000) return { value: significant(ms), unit: 'ms' }
  return { value: significant(ms / 1000), unit: 's' }
}

/** `0.267×` */
export function formatRatio(ratio: number): Quantity {
  return { value: significant(ratio), unit: '×' }
}

/** Tenths of a percent, which nobody needs from 1000 % on. */
export function formatPercent(share: number): Quantity {
  return { value: (share * 100).toFixed(Math.abs(share) < 10 ? 1 : 0), unit: '%' }
}

/** dB with one digit; null stands for equal signals, whose ratio is infinite. */
export function formatDb(db: number | null): Quantity {
  return { value: db === null ? '∞' : db.toFixed(1), unit: 'dB' }
}

/** Whole seconds as `8 s`, `2 min 05 s`, `1 h 02 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const pad = (value: number) => String(value).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`
}

export function quantityText({ value, unit }: Quantity): string {
  if (unit === '') return value
  return unit === '×' ? `${value}×` : `${value} ${unit}`
}

/** For the marks of an axis, which are round: `0.6 ms`, not `0.600 ms`. */
export function axisText({ value, unit }: Quantity): string {
  return quantityText({ value: value.includes('.') && !value.includes('e') ? value.replace(/\.?0+$/, '') : value, unit })
}

/** Digits grouped by a thin space: `25 557 032`. */
export function formatInteger(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
}

/** Three significant digits without exponent; integers below 1000 stay whole. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return '0'
  // Rounded first: 0.9996 has the magnitude of 1.00.
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))))
  if (magnitude >= 3) return String(Math.round(value))
  if (magnitude < -6) return value.toExponential(2)
  return value.toFixed(Math.max(0, 2 - magnitude))
}

function withPrefix(value: number, units: readonly string[]): Quantity {
  let scaled = value
  let step = 0
  // 999.5 would be shown as 1000 of the smaller unit.
  while (Math.abs(scaled) >= 999.5 && step < units.length - 1) {
    scaled /= 1000
    step++
  }
  return { value: step === 0 ? String(Math.round(scaled)) : significant(scaled), unit: units[step] ?? '' }
}
