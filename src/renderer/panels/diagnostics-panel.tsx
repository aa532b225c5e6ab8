import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '#shared/diagnostic'
import { said } from '../i18n/engine-words'
import { goToNodes } from '../session/go-to-node'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { DataTable } from './data-table'
import { SeverityIcon } from './severity-icon'

const NONE: readonly Diagnostic[] = []
const RANK = { error: 2, warning: 1, info: 0 }

/** Findings about the model shown; for a variant also what its passes said. A row leads to its node. */
export default function DiagnosticsPanel(): ReactNode {
  const { t } = useTranslation()
  const document = useSessionStore(activeDocument)
  const bySource = useVariantsStore((state) => state.bySource)
  const selection = useSelectionStore((state) => state.selection)
  const hover = useSelectionStore((state) => state.hover)
  const path = document?.summary.path ?? ''
  const own = document?.summary.diagnostics ?? NONE
  const rows = useMemo(() => [...own, ...(variantAt(bySource, path)?.variant.report.diagnostics ?? NONE)], [own, bySource, path])
  const columns = useMemo<ColumnDef<Diagnostic>[]>(
    () => [
      { id: 'severity', header: t('diagnostics.severity'), accessorFn: (row) => RANK[row.severity], cell: ({ row }) => <SeverityIcon severity={row.original.severity} /> },
      { id: 'code', header: t('diagnostics.code'), accessorKey: 'code', cell: ({ row }) => <span className="mono dim">{row.original.code}</span> },
      {
        id: 'message',
        header: t('diagnostics.message'),
        accessorKey: 'message',
        cell: ({ row }) => (
          <>
            {said(row.original.message)} {row.original.hint !== undefined && <span className="dim">{said(row.original.hint)}</span>}
          </>
        ),
      },
      { id: 'node', header: t('diagnostics.node'), accessorFn: (row) => row.nodeName ?? row.valueName ?? '', cell: ({ getValue }) => <span title={String(getValue())}>{String(getValue())}</span> },
    ],
    [t],
  )
  const selected = selectedNodeIds(selection)
  return (
    <DataTable
      label={t('panels.diagnostics')}
      rows={rows}
      columns={columns}
      looks={[{ width: '64px' }, { width: '180px' }, { width: 'minmax(260px, 1fr)' }, { width: '200px' }]}
      initialSorting={[{ id: 'severity', desc: true }]}
      isSelected={(row) => row.nodeId !== undefined && selected.includes(row.nodeId)}
      onSelect={(row) => row.nodeId !== undefined && void goToNodes([row.nodeId])}
      onHover={(row) => hover(row?.nodeId === undefined ? null : { kind: 'nodes', nodeIds: [row.nodeId] })}
      empty={document === null ? t('panels.noModel') : t('diagnostics.none')}
    />
  )
}
