import i18next from 'i18next'
import type { Budget } from '#shared/variants/budget'
import { reportHtml } from '#shared/variants/report-html'
import { tableCsv, tableMarkdown } from '#shared/variants/table-text'
import { type AccuracyKind, devicesOf, type VariantRow } from '#shared/variants/variant-table'
import { modelBaseName } from '../format/format-type'
import { handOver } from '../session/hand-over'
import { useAppStore } from '../stores/app-store'

const TYPES = { html: 'text/html', md: 'text/markdown', csv: 'text/csv' } as const

/** Hands the table over as a file named after its first model. */
export function exportTable(rows: readonly VariantRow[], { format, accuracy, budgets }: { readonly format: keyof typeof TYPES; readonly accuracy: AccuracyKind | null; readonly budgets: readonly Budget[] }): void {
  const name = modelBaseName(rows[0]?.modelPath ?? 'models')
  const choice = { devices: devicesOf(rows), accuracy }
  const version = useAppStore.getState().info?.version ?? ''
  const text = format === 'csv' ? tableCsv(rows, choice) : format === 'md' ? tableMarkdown(rows, choice) : reportHtml(rows, { title: name, budgets, madeAt: new Date().toISOString(), tool: `edgefit ${version}`.trim(), language: i18next.language.startsWith('zh') ? 'zh-CN' : 'en' })
  handOver(new Blob([text], { type: `${TYPES[format]};charset=utf-8` }), `${name}.${format}`)
}
