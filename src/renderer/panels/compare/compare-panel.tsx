import { Alert, Badge, Loader, Select } from '@mantine/core'
import type { ColumnDef } from '@tanstack/react-table'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import type { ModelDiff } from '#shared/ipc/model-diff'
import { getBridge } from '../../bridge/bridge'
import { modelTitle } from '../../session/document-title'
import { goToNodes } from '../../session/go-to-node'
import { useSelectionStore } from '../../stores/selection-store'
import { activeDocument, useSessionStore } from '../../stores/session-store'
import { useVariantsStore } from '../../stores/variants-store'
import { DataTable } from '../data-table'
import styles from './compare-panel.module.css'
import { changeText, diffRows, type DiffRow } from './diff-rows'

const COLOURS = { added: 'green', removed: 'red', changed: 'yellow' } as const

/** What differs between another open model and the one shown; a row leads to the node, in whichever model has it. */
export default function ComparePanel(): ReactNode {
  const { t } = useTranslation('canvas')
  const documents = useSessionStore((state) => state.documents)
  const active = useSessionStore(activeDocument)
  const bySource = useVariantsStore((state) => state.bySource)
  const others = documents.filter(({ documentId }) => documentId !== active?.documentId)
  const [chosen, setChosen] = useState<string | null>(null)
  const other = others.find(({ documentId }) => documentId === chosen)?.documentId ?? others[0]?.documentId ?? null
  const { diff, error } = useDiff(other, active?.documentId ?? null)
  const rows = useMemo(() => (diff === null ? [] : diffRows(diff)), [diff])
  const columns = useMemo<ColumnDef<DiffRow>[]>(
    () => [
      { id: 'kind', header: t('compare.what'), accessorKey: 'kind', cell: ({ row }) => <Badge size="sm" variant="light" color={COLOURS[row.original.kind]}>{t(`compare.${row.original.kind}`)}</Badge> },
      { id: 'type', header: t('ops.type'), accessorKey: 'opType' },
      { id: 'name', header: t('compare.node'), accessorKey: 'name' },
      { id: 'changes', header: t('compare.difference'), accessorFn: (row) => row.changes.map(changeText).join('; ') },
    ],
    [t],
  )
  const show = (row: DiffRow): void => {
    if (row.b !== null) void goToNodes([row.b])
    else if (row.a !== null && other !== null) {
      useSessionStore.getState().activate(other)
      void goToNodes([row.a])
    }
  }
  return (
    <div className={styles.panel}>
      <div className={styles.bar}>
        <Select
          aria-label={t('compare.with')}
          placeholder={t('compare.with')}
          size="xs"
          w={260}
          value={other}
          allowDeselect={false}
          onChange={setChosen}
          data={others.map(({ documentId, summary }) => ({ value: documentId, label: modelTitle(bySource, summary.path) }))}
        />
        {diff !== null && <span role="status">{t('compare.summary', diff.summary)}</span>}
        {diff === null && error === null && other !== null && <Loader size="xs" aria-label={t('compare.comparing')} />}
      </div>
      {error !== null && (
        <Alert color="red" m="xs">
          {error.message} {error.hint}
        </Alert>
      )}
      <DataTable
        label={t('compare.label')}
        rows={rows}
        columns={columns}
        looks={[{ width: '110px' }, { width: '160px' }, { width: '240px' }, { width: 'minmax(240px, 1fr)' }]}
        onSelect={show}
        onHover={(row) => useSelectionStore.getState().hover(row === null || row.b === null ? null : { kind: 'nodes', nodeIds: [row.b] })}
        empty={other === null ? t('compare.needsTwo') : diff === null ? t('compare.comparing') : t('compare.same')}
      />
    </div>
  )
}

interface DiffState {
  readonly key: string
  readonly diff: ModelDiff | null
  readonly error: ErrorData | null
}

/** The comparison of two open documents; nothing while it is under way. */
function useDiff(a: string | null, b: string | null): { diff: ModelDiff | null; error: ErrorData | null } {
  const graphViews = useSessionStore((state) => state.graphViews)
  const key = `${a}/${b}`
  const [state, setState] = useState<DiffState>({ key: '', diff: null, error: null })
  useEffect(() => {
    if (a === null || b === null) return undefined
    let current = true
    getBridge()
      .request('model.diff', { a, b })
      .then(
        (diff) => current && setState({ key, diff, error: null }),
        (error: unknown) => current && setState({ key, diff: null, error: toErrorData(error) }),
      )
    return () => {
      current = false
    }
    // An edit gives the document new views, and the comparison is made again.
  }, [a, b, key, graphViews])
  return state.key === key ? state : { diff: null, error: null }
}
