import { Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconFlame } from '@tabler/icons-react'
import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeployResult, DeviceRun } from '#shared/deploy'
import { phoneName } from '#shared/device'
import { fileName } from '../format/format-type'
import { formatPercent, quantityText, significant } from '../format/format-number'
import { DataTable, type ColumnLook } from '../panels/data-table'
import type { DeployableModel } from './use-models'
import styles from './devices-panel.module.css'

/** Above this the runs differ too much for the figure to be trusted. */
const FLAGGED_SPREAD = 0.05
/** Characters of a serial that tell phones apart: a port, or the last of a maker's number. */
const SERIAL_END = 5

interface ResultsTableProps {
  readonly runs: readonly DeviceRun[]
  readonly models: readonly DeployableModel[]
  readonly selected: string | null
  readonly onSelect: (id: string) => void
}

const LOOKS: readonly ColumnLook[] = [
  { width: 'minmax(88px, 2.4fr)' },
  { width: 'minmax(50px, 2fr)' },
  { width: 'minmax(52px, 1.4fr)' },
  { width: '60px', align: 'right' },
  { width: '56px', align: 'right' },
  { width: '48px', align: 'right' },
  { width: '62px', align: 'right' },
  { width: '84px', align: 'right' },
]

/** Phone × variant, each beside this computer's figure on the same input. */
export function ResultsTable({ runs, models, selected, onSelect }: ResultsTableProps): ReactNode {
  const { t, i18n } = useTranslation('phones')
  const columns = useMemo<ColumnDef<DeviceRun>[]>(() => {
    const time = new Intl.DateTimeFormat(i18n.language, { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    return [
      { id: 'phone', header: t('results.phone'), accessorFn: ({ result }) => phoneName(result.facts), cell: ({ row }) => <PhoneCell result={row.original.result} ambiguous={isAmbiguous(row.original, runs)} /> },
      { id: 'model', header: t('results.model'), accessorFn: ({ result }) => titleOf(result, models), cell: ({ getValue }) => <Ellipsis text={String(getValue())} /> },
      { id: 'runtime', header: t('results.runtime'), accessorFn: ({ result }) => runtimeText(result, t(`form.adapters.${result.adapter}`)), cell: ({ getValue }) => <Ellipsis text={String(getValue())} /> },
      { id: 'p50', header: t('results.p50'), accessorFn: ({ result }) => result.latency.p50Ms, cell: ({ row }) => <Latency result={row.original.result} /> },
      { id: 'here', header: t('results.here'), accessorFn: ({ result }) => result.desktop.latency.p50Ms, cell: ({ getValue }) => significant(Number(getValue())) },
      { id: 'ratio', header: t('results.ratio'), accessorFn: ({ result }) => result.latency.p50Ms / result.desktop.latency.p50Ms, cell: ({ getValue }) => `${significant(Number(getValue()))} ×` },
      { id: 'error', header: t('results.error'), accessorFn: ({ result }) => maxError(result) ?? -1, cell: ({ row }) => errorText(row.original.result) },
      { id: 'taken', header: t('results.taken'), accessorFn: ({ result }) => result.conditions.measuredAt, cell: ({ getValue }) => <span className="dim ellipsis">{time.format(new Date(String(getValue())))}</span> },
    ]
  }, [t, i18n.language, models, runs])
  return (
    <DataTable
      label={t('results.label')}
      rows={runs}
      columns={columns}
      looks={LOOKS}
      empty={t('results.none')}
      isSelected={({ id }) => id === selected}
      onSelect={({ id }) => onSelect(id)}
    />
  )
}


/** Whether another phone has the same name. */
function isAmbiguous({ result }: DeviceRun, runs: readonly DeviceRun[]): boolean {
  return runs.some((other) => other.result.facts.serial !== result.facts.serial && phoneName(other.result.facts) === phoneName(result.facts))
}

/** The end of the serial tells phones of one model apart, whatever the width. */
function PhoneCell({ result, ambiguous }: { readonly result: DeployResult; readonly ambiguous: boolean }): ReactNode {
  const name = phoneName(result.facts)
  if (!ambiguous) return <Ellipsis text={name} />
  const { serial } = result.facts
  return (
    <span className={styles.cellPhone} title={`${name}, ${serial}`}>
      <span className="ellipsis">{result.facts.model ?? name}</span>
      <span className="dim">…{serial.slice(-SERIAL_END)}</span>
    </span>
  )
}

/** Adapter, and what tells two runs of it apart: the processor, or the provider. */
function runtimeText({ adapter, facts, conditions }: DeployResult, name: string): string {
  return `${name}, ${adapter === 'native' ? (facts.abis[0] ?? conditions.provider) : conditions.provider}`
}

/** The variant's title where the model is one of those shown; else its file's name. */
export function titleOf({ model }: DeployResult, models: readonly DeployableModel[]): string {
  return models.find(({ sha256, path }) => sha256 === model.sha256 || path === model.path)?.title ?? fileName(model.path)
}

function maxError({ outputError }: DeployResult): number | null {
  return outputError.length === 0 ? null : Math.max(...outputError.map(({ maxAbs }) => maxAbs))
}

function errorText(result: DeployResult): string {
  const error = maxError(result)
  return error === null ? '–' : significant(error)
}

function Ellipsis({ text }: { readonly text: string }): ReactNode {
  return (
    <span className="ellipsis" title={text}>
      {text}
    </span>
  )
}

function Latency({ result: { latency, sustained } }: { readonly result: DeployResult }): ReactNode {
  const { t } = useTranslation('phones')
  return (
    <>
      {sustained?.throttled && (
        <Tooltip label={t('results.throttled')}>
          <IconFlame size={13} color="var(--bad)" aria-label={t('results.throttled')} />
        </Tooltip>
      )}
      {latency.spread > FLAGGED_SPREAD && (
        <Tooltip label={t('results.unsteady', { spread: quantityText(formatPercent(latency.spread)) })}>
          <IconAlertTriangle size={13} color="var(--warning)" aria-label={t('results.unsteady', { spread: quantityText(formatPercent(latency.spread)) })} />
        </Tooltip>
      )}{' '}
      <strong>{significant(latency.p50Ms)}</strong>
    </>
  )
}
