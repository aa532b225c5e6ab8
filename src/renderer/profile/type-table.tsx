import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KernelProfile } from '#shared/measurement'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { Share } from './kernel-table'
import { compareByType, type ComparedType } from './kernel-work'

const NUMBER: ColumnLook = { width: '92px', align: 'right' }
const LOOKS: readonly ColumnLook[] = [{ width: 'minmax(140px, 1fr)' }, { width: '70px', align: 'right' }, NUMBER, { width: 'minmax(160px, 2fr)' }]
const COMPARED_LOOKS: readonly ColumnLook[] = [{ width: 'minmax(140px, 1fr)' }, { width: '70px', align: 'right' }, NUMBER, { width: 'minmax(130px, 1fr)' }, { width: '110px', align: 'right' }, NUMBER, NUMBER]

interface TypeTableProps {
  readonly kernels: readonly KernelProfile[]
  /** Of another model, to set beside. */
  readonly beside: readonly KernelProfile[] | null
}

/** Where the time goes, by operator; beside another model, where it went there. */
export function TypeTable({ kernels, beside }: TypeTableProps): ReactNode {
  const { t } = useTranslation('profileViews')
  const rows = useMemo(() => compareByType(kernels, beside ?? []), [kernels, beside])
  const columns = useMemo<ColumnDef<ComparedType>[]>(
    () => [
      { id: 'type', header: t('type'), accessorKey: 'opType' },
      { id: 'count', header: t('count'), accessorKey: 'count', cell: ({ row: { original } }) => (beside === null ? original.count : `${original.count} / ${original.besideCount}`) },
      { id: 'time', header: t('time'), accessorKey: 'p50Ms', cell: ({ row }) => row.original.p50Ms.toFixed(3) },
      { id: 'share', header: t('share'), accessorKey: 'share', cell: ({ row }) => <Share share={row.original.share} /> },
      ...(beside === null
        ? []
        : [
            { id: 'beside', header: t('besideTime'), accessorKey: 'besideMs', cell: ({ row }) => row.original.besideMs.toFixed(3) } satisfies ColumnDef<ComparedType>,
            { id: 'difference', header: t('difference'), accessorFn: ({ p50Ms, besideMs }) => p50Ms - besideMs, cell: ({ getValue }) => <Signed value={Number(getValue())} /> } satisfies ColumnDef<ComparedType>,
            { id: 'ratio', header: t('ratio'), accessorFn: ({ p50Ms, besideMs }) => (besideMs === 0 ? Infinity : p50Ms / besideMs), cell: ({ row: { original } }) => (original.besideMs === 0 || original.p50Ms === 0 ? <span className="dim">–</span> : `${(original.p50Ms / original.besideMs).toFixed(2)}×`) } satisfies ColumnDef<ComparedType>,
          ]),
    ],
    [t, beside],
  )
  // Columns of another number are another table.
  return <DataTable key={beside === null ? 'alone' : 'beside'} label={t('views.types')} rows={rows} columns={columns} looks={beside === null ? LOOKS : COMPARED_LOOKS} initialSorting={[{ id: 'time', desc: true }]} empty={t('timelineLabel')} />
}

/** Milliseconds more or less than beside. */
function Signed({ value }: { readonly value: number }): ReactNode {
  const text = Math.abs(value).toFixed(3)
  if (text === '0.000') return <span className="dim">{text}</span>
  return <span className={value < 0 ? 'good' : 'warning'}>{`${value < 0 ? '−' : '+'}${text}`}</span>
}
