import type { ColumnDef } from '@tanstack/react-table'
import { lazy, Suspense, useCallback, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChannelRanges } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { formatInteger, formatPercent, quantityText, significant } from '../format/format-number'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { AxisSelect } from './axis-select'
import styles from './inspector.module.css'
import tensorStyles from './tensor.module.css'
import { TensorAnswerState } from './tensor-answer-state'
import { useTensorAnswer } from './use-tensor-answer'

const ChannelChart = lazy(() => import('../charts/channel-chart'))

interface TensorChannelsProps {
  readonly documentId: string
  readonly graphId: number
  readonly name: string
  readonly dims: readonly number[]
  readonly dequantize: boolean
  /** The axis to begin with: that of the scales, where there is one. */
  readonly axis: number
}

interface ChannelRow {
  readonly channel: number
  readonly min: number | null
  readonly max: number | null
  readonly absMax: number | null
  readonly zeroShare: number
}

const LOOKS: readonly ColumnLook[] = [{ width: '28px', align: 'right' }, { width: '1fr', align: 'right' }, { width: '1fr', align: 'right' }, { width: '1fr', align: 'right' }, { width: '52px', align: 'right' }]

/** The range of each channel along an axis, as a chart and a table. */
export function TensorChannels({ documentId, graphId, name, dims, dequantize, axis: first }: TensorChannelsProps): ReactNode {
  const { t } = useTranslation('canvas')
  const { t: tApp } = useTranslation()
  const [axis, setAxis] = useState(first)
  const ask = useCallback(() => getBridge().request('model.channelRanges', { documentId, graphId, name, dequantize, axis }), [documentId, graphId, name, dequantize, axis])
  const { value: ranges, error } = useTensorAnswer(documentId, ask)
  const rows = useMemo(() => (ranges === null ? [] : rowsOf(ranges)), [ranges])
  const columns = useMemo<ColumnDef<ChannelRow>[]>(() => {
    const number = (value: number | null) => (value === null ? '–' : significant(value))
    return [
      { id: 'channel', header: '#', accessorKey: 'channel' },
      { id: 'min', header: t('tensor.min'), accessorKey: 'min', cell: ({ row }) => number(row.original.min) },
      { id: 'max', header: t('tensor.max'), accessorKey: 'max', cell: ({ row }) => number(row.original.max) },
      { id: 'absMax', header: t('tensor.absMax'), accessorKey: 'absMax', cell: ({ row }) => number(row.original.absMax) },
      { id: 'zeros', header: tApp('inspector.zeros'), accessorKey: 'zeroShare', cell: ({ row }) => quantityText(formatPercent(row.original.zeroShare)) },
    ]
  }, [t, tApp])
  return (
    <>
      <div className={tensorStyles.choices}>
        <AxisSelect label={t('tensor.channelAxis')} dims={dims} axis={axis} onChange={setAxis} />
      </div>
      <TensorAnswerState isThere={ranges !== null} error={error} />
      {ranges !== null && (
        <>
          <Suspense fallback={<div className={styles.chart} />}>
            <ChannelChart className={styles.chart ?? ''} min={ranges.min} max={ranges.max} label={t('tensor.channelChart')} />
          </Suspense>
          {ranges.channels > ranges.min.length && <p className={tensorStyles.note}>{t('tensor.firstChannels', { shown: formatInteger(ranges.min.length), total: formatInteger(ranges.channels) })}</p>}
          <div className={tensorStyles.channels}>
            <DataTable label={t('tensor.channels')} rows={rows} columns={columns} looks={LOOKS} empty={t('tensor.noChannels')} />
          </div>
        </>
      )}
    </>
  )
}

function rowsOf({ min, max, zeroShare }: ChannelRanges): ChannelRow[] {
  return zeroShare.map((share, channel) => {
    const [low, high] = [min[channel] ?? null, max[channel] ?? null]
    return { channel, min: low, max: high, absMax: low === null || high === null ? null : Math.max(-low, high, 0), zeroShare: share }
  })
}
