import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KernelProfile } from '#shared/measurement'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { goToNodes } from '../session/go-to-node'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import styles from './profile-panel.module.css'

const LOOKS: readonly ColumnLook[] = [
  { width: 'minmax(90px, 150px)' },
  { width: 'minmax(110px, 180px)' },
  { width: '60px', align: 'right' },
  { width: '60px', align: 'right' },
  { width: '40px', align: 'right' },
  { width: '56px' },
  { width: 'minmax(140px, 1fr)' },
]

/** What onnxruntime really ran, slowest first; a row selects the nodes its kernel was made from. */
export function KernelTable({ kernels }: { readonly kernels: readonly KernelProfile[] }): ReactNode {
  const { t } = useTranslation()
  const selection = useSelectionStore((state) => state.selection)
  const hover = useSelectionStore((state) => state.hover)
  const selected = new Set(selectedNodeIds(selection))
  const columns = useMemo<ColumnDef<KernelProfile>[]>(
    () => [
      { id: 'opType', header: t('profile.kernel'), accessorKey: 'opType', cell: ({ row }) => <div className="ellipsis" title={row.original.kernel}>{row.original.opType}</div> },
      { id: 'share', header: t('profile.share'), accessorKey: 'share', cell: ({ row }) => <Share share={row.original.share} /> },
      { id: 'p50', header: t('profile.p50Ms'), accessorKey: 'p50Ms', cell: ({ row }) => row.original.p50Ms.toFixed(3) },
      { id: 'p95', header: t('profile.p95Ms'), accessorKey: 'p95Ms', cell: ({ row }) => row.original.p95Ms.toFixed(3) },
      { id: 'calls', header: t('profile.calls'), accessorKey: 'calls' },
      { id: 'provider', header: t('profile.providerColumn'), accessorFn: (row) => row.provider.replace('ExecutionProvider', ''), cell: ({ getValue }) => <span className="dim">{String(getValue())}</span> },
      { id: 'nodes', header: t('profile.nodes'), accessorFn: (row) => row.nodes[0]?.name ?? '', cell: ({ row }) => <Nodes kernel={row.original} /> },
    ],
    [t],
  )
  const nodeIds = (kernel: KernelProfile): number[] => kernel.nodes.map(({ id }) => id)
  return (
    <DataTable
      label={t('profile.kernels')}
      rows={kernels}
      columns={columns}
      looks={LOOKS}
      initialSorting={[{ id: 'share', desc: true }]}
      isSelected={(kernel) => kernel.nodes.some(({ id }) => selected.has(id))}
      onSelect={(kernel) => void goToNodes(nodeIds(kernel))}
      onHover={(kernel) => hover(kernel === null || kernel.nodes.length === 0 ? null : { kind: 'nodes', nodeIds: nodeIds(kernel) })}
      empty={t('profile.noKernels')}
    />
  )
}

/** A share as a bar and a figure. */
export function Share({ share }: { readonly share: number }): ReactNode {
  return (
    <div className={styles.share}>
      <div className={styles.track}>
        <div className={styles.fill} style={{ width: `${share * 100}%` }} />
      </div>
      <span className={styles.shareText}>{`${(share * 100).toFixed(1)} %`}</span>
    </div>
  )
}

/** The nodes a kernel was made from; several where onnxruntime fused them, none where it added the kernel itself. */
function Nodes({ kernel: { nodes, kernel } }: { readonly kernel: KernelProfile }): ReactNode {
  const { t } = useTranslation()
  if (nodes.length === 0) return <span className="dim" title={kernel}>{t('profile.addedByRuntime')}</span>
  const [first, ...others] = nodes
  const names = nodes.map(({ name, opType }) => (name === '' ? opType : name)).join('\n')
  return (
    <div className="ellipsis" title={names}>
      {first?.name || first?.opType}
      {others.length > 0 && <span className="dim"> + {others.map(({ opType }) => opType).join(' + ')}</span>}
    </div>
  )
}
