/** The table of variants as CSV and as Markdown. */
import { metricText } from '../evaluation/metric'
import { accuracyOf, latencyOn, type AccuracyKind, type VariantRow } from './variant-table'

export interface TableChoice {
  readonly devices: readonly string[]
  readonly accuracy: AccuracyKind | null
}

/** Plain numbers with units in the heads; RFC 4180. */
export function tableCsv(rows: readonly VariantRow[], { devices, accuracy }: TableChoice): string {
  const head = ['name', 'role', 'sha256', 'size bytes', 'parameters', 'MACs', 'SQNR dB', ...(accuracy ? [accuracy.metric, `${accuracy.metric} low`, `${accuracy.metric} high`] : []), ...devices.flatMap((device) => [`p50 ms, ${device}`, `p95 ms, ${device}`, `peak memory bytes, ${device}`])]
  const lines = rows.map((row) => {
    const found = accuracy ? accuracyOf(row, accuracy.key) : null
    return [
      ...[row.name, row.role, row.sha256, row.sizeBytes, row.parameters, row.macs ?? '', row.sqnr === null ? '' : (row.sqnr.db ?? 'inf')],
      ...(accuracy ? [found?.value ?? '', found?.interval?.low ?? '', found?.interval?.high ?? ''] : []),
      ...devices.flatMap((device) => {
        const latency = latencyOn(row, device)
        return [latency?.p50Ms ?? '', latency?.p95Ms ?? '', latency?.peakMemoryBytes ?? '']
      }),
    ]
  })
  return [head, ...lines].map((line) => line.map(csvCell).join(',')).join('\r\n') + '\r\n'
}

export function tableMarkdown(rows: readonly VariantRow[], { devices, accuracy }: TableChoice): string {
  const head = ['Model', 'Size', 'Parameters', 'MACs', 'SQNR', ...(accuracy ? [accuracy.metric] : []), ...devices.flatMap((device) => [`p50, ${device}`, 'p95'])]
  const lines = rows.map((row) => {
    const found = accuracy ? accuracyOf(row, accuracy.key) : null
    return [
      ...[row.name, sizeText(row.sizeBytes), countText(row.parameters), row.macs === null ? '–' : countText(row.macs), sqnrText(row)],
      ...(accuracy ? [found ? metricText(accuracy.metric, found.value) : '–'] : []),
      ...devices.flatMap((device) => {
        const latency = latencyOn(row, device)
        return latency ? [msText(latency.p50Ms), msText(latency.p95Ms)] : ['–', '–']
      }),
    ]
  })
  const cell = (text: string) => text.replace(/\|/g, '\\|').replace(/\s+/g, ' ')
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `| --- |${head.slice(1).map(() => ' ---: |').join('')}`, ...lines.map(line)].join('\n') + '\n'
}

export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`
}

export function countText(count: number): string {
  const [unit, size] = count < 1e3 ? ['', 1] : count < 1e6 ? [' k', 1e3] : count < 1e9 ? [' M', 1e6] : [' G', 1e9]
  return `${Number((count / Number(size)).toPrecision(3))}${unit}`
}

export function msText(ms: number): string {
  return `${ms < 1 ? ms.toFixed(3) : ms < 100 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

export function sqnrText({ sqnr }: VariantRow): string {
  return sqnr === null ? '–' : sqnr.db === null ? 'equal' : `${sqnr.db.toFixed(1)} dB`
}

function csvCell(value: string | number): string {
  const text = String(value)
  // A leading sign makes a spreadsheet take a name as a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
}
