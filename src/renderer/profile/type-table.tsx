import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KernelProfile } from '#shared/measurement'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { Share } from './kernel-table'
import { timeByType, type TypeTime } from './kernel-work'

const LOOKS: readonly ColumnLook[] = [{ width: 'minmax(140px, 1fr)' }, { width: '70px', align: 'right' }, { width: '80px', align: 'right' }, { width: 'minmax(160px, 2fr)' }]

/** Where the time goes, by operator. */
export function TypeTable({ kernels }: { readonly kernels: readonly KernelProfile[] }): ReactNode {
  const { t } = useTranslation('profileViews')
  const rows = useMemo(() => timeByType(kernels), [kernels])
  const columns = useMemo<ColumnDef<TypeTime>[]>(
    () => [
      { id: 'type', header: t('type'), accessorKey: 'opType' },
      { id: 'count', header: t('count'), accessorKey: 'count' },
      { id: 'time', header: t('time'), accessorKey: 'p50Ms', cell: ({ row }) => row.original.p50Ms.toFixed(3) },
      { id: 'share', header: t('share'), accessorKey: 'share', cell: ({ row }) => <Share share={row.original.share} /> },
    ],
    [t],
  )
  return <DataTable label={t('views.types')} rows={rows} columns={columns} looks={LOOKS} initialSorting={[{ id: 'share', desc: true }]} empty={t('timelineLabel')} />
}
