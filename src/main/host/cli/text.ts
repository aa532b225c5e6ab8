/** Plain text for the terminal. */
import type { Diagnostic } from '#shared/diagnostic'
import type { LayerChange } from '#shared/ipc/jobs'
import type { LatencyStatistics, OutputError } from '#shared/measurement'

/** Columns padded to their widest cell; a cell may hold several lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const lines = rows.flatMap((row) => {
    const cells = row.map((cell) => cell.split('\n'))
    const height = Math.max(...cells.map(({ length }) => length))
    return Array.from({ length: height }, (_, at) => cells.map((cell) => cell[at] ?? ''))
  })
  const widths = rows[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9]
  return `${(bytes / Number(size)).toFixed(2)} ${String(unit)}`
}

export function diagnosticsText(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ severity, message, hint }) => `${severity}: ${message}${hint === undefined ? '' : ` ${hint}`}`)
}

export function latencyText({ p50Ms, p90Ms, p95Ms, spread }: LatencyStatistics): string {
  const flag = spread > 0.05 ? ' (noisy: over 5 %)' : ''
  return `p50 ${p50Ms.toFixed(3)} ms, p90 ${p90Ms.toFixed(3)} ms, p95 ${p95Ms.toFixed(3)} ms, spread ${(spread * 100).toFixed(1)} %${flag}`
}

export function outputErrorText(errors: readonly OutputError[]): string {
  const rows = errors.map(({ output, sqnrDb, cosine, maxAbs }) => [output, sqnrDb === null ? 'equal' : `${sqnrDb.toFixed(2)} dB`, cosine.toFixed(6), maxAbs.toPrecision(4)])
  return table([['output', 'SQNR', 'cosine', 'max abs'], ...rows])
}

export function layerChangesText(changes: readonly LayerChange[]): string {
  const figures = [...new Set(changes.flatMap((change) => Object.keys(change.figures)))]
  const number = (value: number | undefined) => (value === undefined ? '' : Number.isInteger(value) ? String(value) : value.toFixed(3))
  return table([['layer', 'changed', ...figures, 'how, or why not'], ...changes.map((change) => [change.nodeName || `#${String(change.nodeId)}`, change.isChanged ? 'yes' : 'no', ...figures.map((figure) => number(change.figures[figure])), change.note])])
}
