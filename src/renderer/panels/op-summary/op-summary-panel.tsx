import { ActionIcon, Button } from '@mantine/core'
import { IconEye, IconEyeOff } from '@tabler/icons-react'
import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { summarizeOps, type OpTotals } from './op-summary'
import { formatBytes, formatCount, formatInteger } from '../../format/format-number'
import { Figure } from '../../format/figure'
import { selectedNodeIds, useSelectionStore } from '../../stores/selection-store'
import { activeGraph, useSessionStore } from '../../stores/session-store'
import { useGroupsStore } from '../../stores/groups-store'
import { DataTable } from '../data-table'
import styles from './op-summary-panel.module.css'

/** The operator types of the graph shown; a row selects all nodes of its type, the eye hides them from the picture. */
export default function OpSummaryPanel(): ReactNode {
  const { t } = useTranslation('canvas')
  const { t: tApp } = useTranslation()
  const graph = useSessionStore(activeGraph)
  const selection = useSelectionStore((state) => state.selection)
  const hover = useSelectionStore((state) => state.hover)
  const hiddenTypes = useGroupsStore((state) => state.hiddenTypes)
  const rows = useMemo(() => summarizeOps(graph?.nodes ?? []), [graph])
  const columns = useMemo<ColumnDef<OpTotals>[]>(
    () => [
      {
        id: 'shown',
        header: t('ops.shown'),
        accessorFn: (row) => Number(!hiddenTypes.has(row.type)),
        cell: ({ row }) => <ShownToggle totals={row.original} hidden={hiddenTypes.has(row.original.type)} />,
      },
      { id: 'type', header: t('ops.type'), accessorFn: (row) => (row.domain === '' ? row.opType : `${row.domain}.${row.opType}`) },
      { id: 'count', header: t('ops.count'), accessorFn: (row) => row.nodeIds.length, cell: ({ row }) => formatInteger(row.original.nodeIds.length) },
      { id: 'parameters', header: t('ops.parameters'), accessorKey: 'parameterCount', cell: ({ row }) => <Figure {...formatCount(row.original.parameterCount)} /> },
      { id: 'size', header: t('ops.size'), accessorKey: 'parameterBytes', cell: ({ row }) => <Figure {...formatBytes(row.original.parameterBytes)} /> },
      {
        id: 'macs',
        header: t('ops.macs'),
        accessorFn: (row) => row.macs ?? -1,
        cell: ({ row }) => (row.original.macs === null ? <span className="dim">{t('ops.unknown')}</span> : <Figure {...formatCount(row.original.macs)} />),
      },
    ],
    [t, hiddenTypes],
  )
  const selected = new Set(selectedNodeIds(selection))
  return (
    <div className={styles.panel}>
      {hiddenTypes.size > 0 && (
        <div className={styles.hidden} role="status">
          {t('ops.hidden', { count: hiddenTypes.size })}
          <Button size="compact-xs" variant="subtle" onClick={() => useGroupsStore.getState().showAllTypes()}>
            {t('ops.showAll')}
          </Button>
        </div>
      )}
      <DataTable
        label={t('ops.label')}
        rows={rows}
        columns={columns}
        looks={[{ width: '72px' }, { width: 'minmax(160px, 1fr)' }, ...Array.from({ length: 4 }, () => ({ width: '110px', align: 'right' as const }))]}
        initialSorting={[{ id: 'count', desc: true }]}
        isSelected={(row) => row.nodeIds.length === selected.size && row.nodeIds.every((id) => selected.has(id))}
        onSelect={(row) => useSelectionStore.getState().selectNodes(row.nodeIds)}
        onHover={(row) => hover(row === null ? null : { kind: 'nodes', nodeIds: row.nodeIds })}
        empty={graph === null ? tApp('panels.noModel') : t('ops.empty')}
      />
    </div>
  )
}

function ShownToggle({ totals: { type, opType }, hidden }: { readonly totals: OpTotals; readonly hidden: boolean }): ReactNode {
  const { t } = useTranslation('canvas')
  return (
    <ActionIcon
      size="sm"
      variant="subtle"
      color="gray"
      aria-pressed={hidden}
      aria-label={t('ops.hide', { type: opType })}
      onClick={(event) => {
        event.stopPropagation()
        useGroupsStore.getState().toggleType(type)
      }}
    >
      {hidden ? <IconEyeOff size={14} aria-hidden /> : <IconEye size={14} aria-hidden />}
    </ActionIcon>
  )
}
