import { Progress } from '@mantine/core'
import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type MetricName, metricText, metricTraits } from '#shared/evaluation/metric'
import { EditedMark } from '../format/edited-mark'
import { formatInteger, significant } from '../format/format-number'
import { fileName } from '../format/format-type'
import { said } from '../i18n/engine-words'
import { variantTitle } from '../optimize/catalogue-text'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import styles from './evaluate.module.css'
import type { EvaluationRow } from './evaluation-rows'

const LOOKS: readonly ColumnLook[] = [
  { width: 'minmax(84px, 1.2fr)' },
  { width: '104px', align: 'right' },
  { width: 'minmax(72px, 1fr)' },
  { width: 'minmax(168px, 1.2fr)' },
  { width: '48px', align: 'right' },
  { width: '60px', align: 'right' },
]
const LEFT_OUT_LOOK: ColumnLook = { width: '56px', align: 'right' }

interface ResultTableProps {
  readonly rows: readonly EvaluationRow[]
  readonly selected: string | null
  readonly onSelect: (path: string) => void
}

/** One row for each model: its figure, how sure it is, and whether it differs from the source's. */
export function ResultTable({ rows, selected, onSelect }: ResultTableProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const bySource = useVariantsStore((state) => state.bySource)
  const metric = rows.map(({ result, partial }) => (result ?? partial)?.metric).find((known) => known !== undefined)
  const someLeftOut = rows.some((row) => leftOutOf(row) > 0)
  const columns = useMemo((): ColumnDef<EvaluationRow>[] => {
    const title = ({ path, isSource }: EvaluationRow) => (isSource ? t('source') : variantTitle(variantAt(bySource, path)?.variant.name ?? fileName(path)))
    return [
      { id: 'model', header: t('columns.model'), accessorFn: title, cell: ({ row, getValue }) => <ModelCell row={row.original} title={getValue<string>()} /> },
      { id: 'figure', header: metric === undefined ? t('columns.figure') : t(`metrics.${metric}`), accessorFn: valueOf, cell: ({ row }) => <FigureCell row={row.original} /> },
      { id: 'interval', header: t('columns.interval'), accessorFn: (row) => row.result?.interval?.low ?? -Infinity, cell: ({ row }) => <IntervalCell row={row.original} rows={rows} /> },
      { id: 'difference', header: t('columns.difference'), accessorFn: (row) => row.significance?.difference ?? 0, cell: ({ row }) => <DifferenceCell row={row.original} /> },
      { id: 'samples', header: t('columns.samples'), accessorFn: (row) => row.result?.samples ?? row.partial?.samples ?? 0, cell: ({ getValue }) => count(getValue<number>()) },
      { id: 'rate', header: t('columns.rate'), accessorFn: rateOf, cell: ({ getValue }) => (getValue<number>() === 0 ? '' : significant(getValue<number>())) },
      ...(someLeftOut ? [{ id: 'left', header: t('columns.left'), accessorFn: leftOutOf, cell: ({ getValue }) => <span className="warning">{count(getValue<number>())}</span> } satisfies ColumnDef<EvaluationRow>] : []),
    ]
  }, [t, bySource, rows, metric, someLeftOut])
  return (
    <div className={styles.table}>
      <DataTable label={t('results')} rows={rows} columns={columns} looks={someLeftOut ? [...LOOKS, LEFT_OUT_LOOK] : LOOKS} isSelected={({ path }) => path === selected} onSelect={({ path }) => onSelect(path)} empty={t('empty')} />
    </div>
  )
}

function valueOf({ result, partial }: EvaluationRow): number {
  return result?.value ?? partial?.value ?? -Infinity
}

function leftOutOf({ result, partial }: EvaluationRow): number {
  return result?.skipped.count ?? partial?.skipped ?? 0
}

function rateOf({ result }: EvaluationRow): number {
  return result === null || result.inferenceMs === 0 ? 0 : (result.samples / result.inferenceMs) * 1000
}

function count(value: number): string {
  return value === 0 ? '' : formatInteger(value)
}

function ModelCell({ row, title }: { readonly row: EvaluationRow; readonly title: string }): ReactNode {
  return (
    <>
      {title} {row.isSource && row.revision !== null && <EditedMark revision={row.revision} iconOnly />}
    </>
  )
}

function FigureCell({ row }: { readonly row: EvaluationRow }): ReactNode {
  const { t } = useTranslation('evaluate')
  const shown = row.result ?? row.partial
  if (row.state === 'failed') return <span className="bad">{t('failed')}</span>
  if (shown === null) return <span className="dim">{row.state === 'waiting' ? t('waiting') : row.state === 'running' ? '…' : t('notRun')}</span>
  const text = shown.value === null ? '–' : metricText(shown.metric, shown.value)
  return <span className={row.result === null ? styles.soFar : styles.strong}>{text}</span>
}

/** The interval as a bar on the scale that all rows share; while it runs, how far it has come. */
function IntervalCell({ row, rows }: { readonly row: EvaluationRow; readonly rows: readonly EvaluationRow[] }): ReactNode {
  if (row.state === 'running') return <Progress size="xs" value={(row.fraction ?? 0) * 100} animated={row.fraction === null} />
  if (row.state === 'failed') return <span className={`${styles.cut} bad`} title={said(row.error?.message ?? '')}>{said(row.error?.message ?? '')}</span>
  const { value = null, interval = null, metric } = row.result ?? {}
  if (metric === undefined || value === null || interval === null) return null
  const { low, high } = interval
  const intervals = rows.flatMap(({ result }) => result?.interval ?? [])
  const [from, to] = [Math.min(...intervals.map((one) => one.low)), Math.max(...intervals.map((one) => one.high))]
  const place = (value: number) => (to === from ? 50 : ((value - from) / (to - from)) * 100)
  const words = `${metricText(metric, low)} – ${metricText(metric, high)}`
  return (
    <div className={styles.range} title={words} role="img" aria-label={words}>
      <span className={styles.rangeBar} style={{ left: `${place(low)}%`, width: `${Math.max(1, place(high) - place(low))}%` }} />
      <span className={styles.rangePoint} style={{ left: `${place(value)}%` }} />
    </div>
  )
}

function DifferenceCell({ row }: { readonly row: EvaluationRow }): ReactNode {
  const { t } = useTranslation('evaluate')
  const { significance, result } = row
  if (significance === null || result === null) return null
  const { difference, significant: differs, p } = significance
  const worse = metricTraits[result.metric].better === 'higher' ? difference < 0 : difference > 0
  const words = t(differs ? 'significant' : 'notSignificant', { p: p < 0.001 ? '< 0.001' : `= ${p.toPrecision(2)}` })
  return (
    <span className={styles.difference}>
      <span className={differs ? (worse ? 'bad' : 'good') : ''}>{differenceText(result.metric, difference, t('points'))}</span> <span className="dim">{words}</span>
    </span>
  )
}

/** Percentage points for shares. */
function differenceText(metric: MetricName, difference: number, points: string): string {
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '±'
  const size = Math.abs(difference)
  return metricTraits[metric].unit === 'share' ? `${sign}${(size * 100).toFixed(2)} ${points}` : `${sign}${metricText(metric, size)}`
}
