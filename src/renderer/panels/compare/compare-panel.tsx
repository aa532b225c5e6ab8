import { Alert, Button, Loader, Select } from '@mantine/core'
import { IconColumns2 } from '@tabler/icons-react'
import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { diffTones, type DiffTone } from '../../canvas/compare/compare-index'
import { latencyOf } from '../../canvas/compare/node-latencies'
import { diffColour } from '../../canvas/scene/heat'
import { formatMs, formatRatio, quantityText } from '../../format/format-number'
import { said } from '../../i18n/engine-words'
import { compareFiles, goToDifference, showSideBySide, sideOf, useComparison, useShownPair } from '../../session/compare-models'
import { modelTitle } from '../../session/document-title'
import { reportError } from '../../session/report-error'
import type { ComparedPair } from '../../stores/compare-store'
import { useProfileStore } from '../../stores/profile-store'
import { selectedNodeIds, useSelectionStore } from '../../stores/selection-store'
import { openDocument, useSessionStore } from '../../stores/session-store'
import { relatives, useVariantsStore } from '../../stores/variants-store'
import { DataTable, type ColumnLook } from '../data-table'
import styles from './compare-panel.module.css'
import { diffRows, type DiffRow } from './diff-rows'

const LOOKS: readonly ColumnLook[] = [{ width: '116px' }, { width: '150px' }, { width: '200px' }, { width: 'minmax(240px, 1fr)' }]
const LATENCY_LOOKS: readonly ColumnLook[] = [{ width: '88px', align: 'right' }, { width: '88px', align: 'right' }, { width: '72px', align: 'right' }]

/** What differs between another open model and the one shown, or the two side by side; a row leads to the node, in whichever model has it. */
export default function ComparePanel(): ReactNode {
  const { t } = useTranslation('canvas')
  const { t: tApp } = useTranslation()
  const noModel = useSessionStore((state) => state.documents.length === 0)
  const { pair, others, choose } = useChosenPair()
  const shown = useShownPair()
  const comparison = useComparison(pair)
  const latencyA = useLatencies(pair?.a)
  const latencyB = useLatencies(pair?.b)
  const found = comparison?.found ?? null
  const error = comparison?.error ?? null
  const rows = useMemo(() => (found === null ? [] : diffRows(found, { t, latencyA: latencyA.of, latencyB: latencyB.of })), [found, t, latencyA, latencyB])
  const measured = latencyA.measured || latencyB.measured
  const columns = useMemo(() => columnsFor(t, measured), [t, measured])
  const selected = useSelectionStore((state) => selectedNodeIds(state.selection)[0])
  const front = useSessionStore((state) => (pair === null ? 'b' : sideOf(pair, state.activeDocumentId)))
  const at = selected === undefined || found === null ? undefined : found.index.differenceOf[front].get(selected)
  const selectedRow = at === undefined ? undefined : found?.index.differences[at]
  const hover = (row: DiffRow | null): void => {
    const nodeIds = row?.difference?.[front] ?? []
    useSelectionStore.getState().hover(nodeIds.length === 0 ? null : { kind: 'nodes', nodeIds })
  }
  return (
    <div className={styles.panel}>
      <div className={styles.bar}>
        <Select aria-label={t('compare.with')} placeholder={t('compare.with')} w={260} value={pair?.a ?? null} allowDeselect={false} disabled={others.length === 0} onChange={choose} data={others} />
        {shown === null && pair !== null && (
          <Button variant="default" size="compact-xs" leftSection={<IconColumns2 size={14} aria-hidden />} onClick={() => showSideBySide(pair)}>
            {t('compare.show')}
          </Button>
        )}
        {found !== null && <span role="status">{t('compare.summary', found.diff.summary)}</span>}
        {comparison === null && pair !== null && <Loader size="xs" aria-label={t('compare.comparing')} />}
      </div>
      {error !== null && (
        <Alert color="red" m="xs">
          {said(error.message)} {said(error.hint ?? '')}
        </Alert>
      )}
      <DataTable
        label={t('compare.label')}
        rows={rows}
        columns={columns}
        looks={measured ? [...LOOKS, ...LATENCY_LOOKS] : LOOKS}
        isSelected={(row) => row.difference !== null && row.difference === selectedRow}
        onSelect={(row) => pair !== null && row.difference !== null && void goToDifference(pair, row.difference).catch(reportError)}
        onHover={hover}
        empty={noModel ? tApp('panels.noModel') : t(pair === null ? (others.length === 0 ? 'compare.needsTwo' : 'compare.chooseOther') : comparison === null ? 'compare.comparing' : 'compare.same')}
      />
    </div>
  )
}

function columnsFor(t: ReturnType<typeof useTranslation<'canvas'>>['t'], measured: boolean): ColumnDef<DiffRow>[] {
  const kindText = (kind: DiffRow['kind']) => (isTone(kind) ? t(`compare.tones.${kind}`) : t(`compare.entries.${kind}`))
  const ratio = ({ latencyA, latencyB }: DiffRow) => (latencyA === null || latencyB === null || latencyA === 0 ? null : latencyB / latencyA)
  const ms = (value: number | null) => (value === null ? '' : quantityText(formatMs(value)))
  return [
    { id: 'kind', header: t('compare.what'), accessorFn: ({ kind }) => kindText(kind), cell: ({ row }) => <Kind kind={row.original.kind} text={kindText(row.original.kind)} /> },
    { id: 'type', header: t('ops.type'), accessorKey: 'opType' },
    { id: 'name', header: t('compare.node'), accessorKey: 'name' },
    { id: 'words', header: t('compare.difference'), accessorKey: 'words' },
    ...(measured
      ? [
          { id: 'a', header: t('compare.latencyA'), accessorKey: 'latencyA', cell: ({ row }) => ms(row.original.latencyA) } satisfies ColumnDef<DiffRow>,
          { id: 'b', header: t('compare.latencyB'), accessorKey: 'latencyB', cell: ({ row }) => ms(row.original.latencyB) } satisfies ColumnDef<DiffRow>,
          {
            id: 'ratio',
            header: t('compare.ratio'),
            accessorFn: ratio,
            cell: ({ row }) => {
              const value = ratio(row.original)
              return value === null ? '' : quantityText(formatRatio(value))
            },
          } satisfies ColumnDef<DiffRow>,
        ]
      : []),
  ]
}

function Kind({ kind, text }: { readonly kind: DiffRow['kind']; readonly text: string }): ReactNode {
  return (
    <span className={styles.kind}>
      <span className={styles.swatch} style={{ background: isTone(kind) ? diffColour(kind).background : 'var(--text-dim)' }} aria-hidden />
      {text}
    </span>
  )
}

function isTone(kind: DiffRow['kind']): kind is DiffTone {
  return diffTones.some((tone) => tone === kind)
}

interface Chosen {
  readonly pair: ComparedPair | null
  readonly others: readonly { readonly value: string; readonly label: string }[]
  /** Takes the value of one of the others. */
  readonly choose: (value: string | null) => void
}

/**
 * The pair side by side; else the model shown and the one chosen to compare it with, the first of the others where none is. The model's
 * source and variants that are not open are among the others, by their paths: chosen, they are opened.
 */
function useChosenPair(): Chosen {
  const documents = useSessionStore((state) => state.documents)
  const activeId = useSessionStore((state) => state.activeDocumentId)
  const bySource = useVariantsStore((state) => state.bySource)
  const [chosen, setChosen] = useState<string | null>(null)
  const shown = useShownPair()
  const b = shown?.b ?? activeId
  const open = documents.filter(({ documentId }) => documentId !== b)
  const a = shown?.a ?? (open.find(({ documentId }) => documentId === chosen) ?? open[0])?.documentId
  const pair = a === undefined || b === null ? null : { a, b }
  const path = documents.find(({ documentId }) => documentId === b)?.summary.path ?? ''
  const closed = relatives(bySource, path).filter((relative) => !documents.some(({ summary }) => summary.path === relative))
  return {
    pair,
    others: [
      ...open.map(({ documentId, summary }) => ({ value: documentId, label: modelTitle(bySource, summary.path) })),
      ...closed.map((relative) => ({ value: relative, label: modelTitle(bySource, relative) })),
    ],
    choose: (value) => {
      setChosen(value)
      if (value === null) return
      // A source is on the left of its variant.
      if (closed.includes(value)) void (bySource[path] === undefined ? compareFiles(value, path) : compareFiles(path, value)).catch(reportError)
      else if (shown !== null) showSideBySide({ a: value, b: shown.b })
    },
  }
}

function useLatencies(documentId: string | undefined): { readonly of: ReturnType<typeof latencyOf>; readonly measured: boolean } {
  const path = useSessionStore((state) => openDocument(state, documentId ?? null)?.summary.path ?? '')
  const profile = useProfileStore((state) => state.profiles[path])
  return useMemo(() => ({ of: latencyOf(profile), measured: profile !== undefined }), [profile])
}
