import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClassResult, EvaluationResult } from '#shared/evaluation/evaluation-result'
import { formatInteger } from '../format/format-number'
import { DataTable, type ColumnLook } from '../panels/data-table'

const LOOKS: readonly ColumnLook[] = [{ width: 'minmax(80px, 1fr)' }, { width: '56px', align: 'right' }, { width: '104px', align: 'right' }, { width: '72px', align: 'right' }, { width: '64px', align: 'right' }]

/** The metric's figure of each class, the worst first. */
export function ClassTable({ result }: { readonly result: EvaluationResult }): ReactNode {
  const { t } = useTranslation('evaluate')
  const columns = useMemo((): ColumnDef<ClassResult>[] => {
    const share = (value: number | null) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`)
    return [
      { id: 'class', header: t('className'), accessorKey: 'name', sortingFn: (a, b) => a.original.index - b.original.index },
      { id: 'support', header: t('support'), accessorKey: 'support', cell: ({ row }) => formatInteger(row.original.support) },
      { id: 'value', header: t(`metrics.${result.metric}`), accessorKey: 'value', cell: ({ row }) => share(row.original.value) },
      { id: 'precision', header: t('precision'), accessorKey: 'precision', cell: ({ row }) => share(row.original.precision) },
      { id: 'recall', header: t('recall'), accessorKey: 'recall', cell: ({ row }) => share(row.original.recall) },
    ]
  }, [t, result.metric])
  return <DataTable label={t('views.classes')} rows={result.classes} columns={columns} looks={LOOKS} initialSorting={[{ id: 'value', desc: false }]} empty={t('noConfusion')} />
}
