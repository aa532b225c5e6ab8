import { Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react'
import type { ColumnDef } from '@tanstack/react-table'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { metricText } from '#shared/evaluation/metric'
import { type Budget, budgetFigureText, judgeBudget, type Verdict } from '#shared/variants/budget'
import { type AccuracyKind, accuracyOf, latencyOn, type VariantRow } from '#shared/variants/variant-table'
import { EditedMark } from '../format/edited-mark'
import { Figure } from '../format/figure'
import { formatBytes, formatCount, formatDb, formatMs, formatPercent, formatRatio, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import type { ColumnLook } from '../panels/data-table'
import { limitText } from './kept-budgets'
import styles from './variants.module.css'

/** A spread above this is flagged wherever a latency stands. */
const FLAGGED_SPREAD = 0.05

export interface TableNeeds {
  readonly t: TFunction<'variants'>
  readonly source: VariantRow
  readonly device: string | null
  readonly accuracy: AccuracyKind | null
  readonly budgets: readonly Budget[]
  readonly nameOf: (path: string) => string
}

export function variantLooks({ budgets }: Pick<TableNeeds, 'budgets'>): ColumnLook[] {
  const number = (width: string): ColumnLook => ({ width, align: 'right' })
  return [{ width: 'minmax(110px, 1fr)' }, number('118px'), number('72px'), number('62px'), number('136px'), number('84px'), number('76px'), number('72px'), ...(budgets.length > 0 ? [{ width: 'minmax(96px, 0.6fr)' }] : [])]
}

export function variantColumns(needs: TableNeeds): ColumnDef<VariantRow>[] {
  const { t, device, accuracy, budgets, nameOf } = needs
  const latency = (row: VariantRow) => (device === null ? null : latencyOn(row, device))
  const missing = <span className="dim">–</span>
  return [
    { id: 'name', header: t('columns.name'), accessorFn: ({ modelPath }) => nameOf(modelPath), cell: ({ row }) => <Name row={row.original} needs={needs} /> },
    { id: 'size', header: t('columns.size'), accessorKey: 'sizeBytes', cell: ({ row }) => <Size row={row.original} needs={needs} /> },
    { id: 'parameters', header: t('columns.parameters'), accessorKey: 'parameters', cell: ({ row }) => <Figure {...formatCount(row.original.parameters)} /> },
    { id: 'macs', header: t('columns.macs'), accessorFn: ({ macs }) => macs ?? -1, cell: ({ row }) => (row.original.macs === null ? missing : <Figure {...formatCount(row.original.macs)} />) },
    { id: 'p50', header: t('columns.p50'), accessorFn: (row) => latency(row)?.p50Ms ?? Infinity, cell: ({ row }) => <Latency row={row.original} figure="p50Ms" needs={needs} /> },
    { id: 'p95', header: t('columns.p95'), accessorFn: (row) => latency(row)?.p95Ms ?? Infinity, cell: ({ row }) => <Latency row={row.original} figure="p95Ms" needs={needs} /> },
    { id: 'accuracy', header: accuracy?.metric ?? t('accuracy'), accessorFn: (row) => (accuracy === null ? 0 : (accuracyOf(row, accuracy.key)?.value ?? -1)), cell: ({ row }) => <Accuracy row={row.original} needs={needs} /> },
    { id: 'sqnr', header: t('columns.sqnr'), accessorFn: ({ sqnr }) => (sqnr === null ? -1 : (sqnr.db ?? 1000)), cell: ({ row }) => <Sqnr row={row.original} t={t} /> },
    ...(budgets.length === 0 ? [] : [{ id: 'budgets', header: t('columns.budgets'), accessorFn: (row: VariantRow) => budgets.filter((budget) => judgeBudget(row, onDevice(budget, device)).outcome === 'met').length, cell: ({ row }) => <Budgets row={row.original} needs={needs} /> } satisfies ColumnDef<VariantRow>]),
  ]
}

/** In the window a budget of latency is that of the device shown, unless it names one itself. */
export function onDevice(budget: Budget, device: string | null): Budget {
  return budget.device === undefined && device !== null ? { ...budget, device } : budget
}

function Name({ row, needs: { t, nameOf } }: { readonly row: VariantRow; readonly needs: TableNeeds }): ReactNode {
  return (
    <span className={styles.name} title={row.modelPath}>
      <span className="ellipsis">{nameOf(row.modelPath)}</span>
      {row.role === 'source' && <span className="dim">{t('source')}</span>}
      {row.revision !== null && <EditedMark revision={row.revision} iconOnly />}
    </span>
  )
}

function Size({ row, needs: { source, budgets } }: { readonly row: VariantRow; readonly needs: TableNeeds }): ReactNode {
  return (
    <Judged row={row} budgets={budgets.filter(({ figure }) => figure === 'sizeBytes')}>
      <Figure {...formatBytes(row.sizeBytes)} />
      <Ratio value={row === source ? null : row.sizeBytes / source.sizeBytes} />
    </Judged>
  )
}

function Latency({ row, figure, needs: { t, source, device, budgets } }: { readonly row: VariantRow; readonly figure: 'p50Ms' | 'p95Ms'; readonly needs: TableNeeds }): ReactNode {
  const found = device === null ? null : latencyOn(row, device)
  if (found === null || device === null) return <span className="dim">–</span>
  const before = figure === 'p50Ms' && row !== source ? latencyOn(source, device) : null
  return (
    <Judged row={row} title={`${found.device} · ${said(found.conditions)}`} budgets={budgets.filter((budget) => budget.figure === figure).map((budget) => onDevice(budget, device))}>
      {figure === 'p50Ms' && found.spread > FLAGGED_SPREAD && (
        <Tooltip label={t('spread', { spread: quantityText(formatPercent(found.spread)) })}>
          <IconAlertTriangle size={12} className="warning" aria-label={t('spread', { spread: quantityText(formatPercent(found.spread)) })} />
        </Tooltip>
      )}
      <Figure {...formatMs(found[figure])} />
      {figure === 'p50Ms' && <Ratio value={before === null ? null : found.p50Ms / before.p50Ms} />}
    </Judged>
  )
}

/** Beside the source's figure; its place is kept where there is none, so that figures stand under each other. */
function Ratio({ value }: { readonly value: number | null }): ReactNode {
  return <span className={`dim figures ${styles.ratio ?? ''}`}>{value === null ? '' : quantityText(formatRatio(value))}</span>
}

function Accuracy({ row, needs: { t, accuracy, budgets } }: { readonly row: VariantRow; readonly needs: TableNeeds }): ReactNode {
  const found = accuracy === null ? null : accuracyOf(row, accuracy.key)
  if (accuracy === null || found === null) return <span className="dim">–</span>
  const text = <span className="figures">{metricText(accuracy.metric, found.value)}</span>
  const judged = <Judged row={row} budgets={budgets.filter(({ figure }) => figure === 'accuracy')}>{text}</Judged>
  if (found.interval === null) return judged
  return <Tooltip label={t('interval', { low: metricText(accuracy.metric, found.interval.low), high: metricText(accuracy.metric, found.interval.high), samples: found.samples, data: found.data })}><span>{judged}</span></Tooltip>
}

function Sqnr({ row: { sqnr }, t }: { readonly row: VariantRow; readonly t: TableNeeds['t'] }): ReactNode {
  if (sqnr === null) return <span className="dim">–</span>
  return <span title={said(sqnr.conditions)}>{sqnr.db === null ? t('equal') : <Figure {...formatDb(sqnr.db)} />}</span>
}

/** A figure in the colour of its verdict, with a sign that says the same. */
function Judged({ row, budgets, title, children }: { readonly row: VariantRow; readonly budgets: readonly Budget[]; readonly title?: string; readonly children: ReactNode }): ReactNode {
  const outcomes = budgets.map((budget) => judgeBudget(row, budget).outcome)
  const worst = outcomes.includes('missed') ? 'missed' : outcomes.includes('met') ? 'met' : null
  return (
    <span title={title} className={`${styles.judged} ${worst === null ? '' : worst === 'met' ? 'good' : 'bad'}`}>
      {worst !== null && <Sign outcome={worst} />}
      {children}
    </span>
  )
}

function Budgets({ row, needs: { t, budgets, device } }: { readonly row: VariantRow; readonly needs: TableNeeds }): ReactNode {
  const judged = budgets.map((budget) => ({ budget, verdict: judgeBudget(row, onDevice(budget, device)) }))
  const worst = (['missed', 'unknown', 'met'] as const).find((outcome) => judged.some(({ verdict }) => verdict.outcome === outcome)) ?? 'unknown'
  const met = judged.filter(({ verdict }) => verdict.outcome === 'met').length
  const line = ({ budget, verdict }: (typeof judged)[number]) => `${budget.name}, ${limitText(budget, t)}: ${t(`verdict.${verdict.outcome}`)}${verdict.actual === null ? '' : ` (${budgetFigureText(budget, verdict.actual)})`}`
  return (
    <Tooltip multiline label={judged.map((entry) => <div key={entry.budget.name}>{line(entry)}</div>)}>
      <span className={`${styles.judged} ${worst === 'met' ? 'good' : worst === 'missed' ? 'bad' : 'dim'}`}>
        <Sign outcome={worst} />
        {t(`verdict.${worst}`)}
        {judged.length > 1 && <span className="dim">{t('verdictCount', { met, count: judged.length })}</span>}
      </span>
    </Tooltip>
  )
}

function Sign({ outcome }: { readonly outcome: Verdict['outcome'] }): ReactNode {
  const Icon = outcome === 'met' ? IconCheck : outcome === 'missed' ? IconX : IconQuestionMark
  return <Icon size={13} stroke={2.4} aria-hidden />
}
