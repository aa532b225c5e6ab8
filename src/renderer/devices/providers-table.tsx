import { Button } from '@mantine/core'
import type { ColumnDef } from '@tanstack/react-table'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ModelUsability, ProviderUsability } from '#shared/usability'
import { getBridge } from '../bridge/bridge'
import { formatPercent, quantityText } from '../format/format-number'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { reportError } from '../session/report-error'
import { documentState, useEditStore } from '../stores/edit-store'
import { type OverlayMark, showOverlay } from '../stores/overlay-store'
import { useProfileStore } from '../stores/profile-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import styles from './devices-panel.module.css'

const SHOWN_REASONS = 3
const LOOKS: readonly ColumnLook[] = [{ width: '104px' }, { width: '80px', align: 'right' }, { width: '72px', align: 'right' }, { width: '60px', align: 'right' }, { width: 'minmax(120px, 1fr)' }, { width: '136px', align: 'right' }]

/** Which nodes each provider takes, and into how many parts the graph falls; shown on the graph when asked. */
export function ProvidersTable(): ReactNode {
  const { t } = useTranslation('phones')
  const document = useSessionStore(activeDocument)
  const documentId = document?.documentId ?? null
  const usability = useUsability(documentId)
  const columns = useMemo<ColumnDef<ProviderUsability>[]>(() => {
    const nodes = usability?.nodes ?? 0
    return [
      { id: 'provider', header: t('providers.provider'), accessorKey: 'title', cell: ({ row }) => <span title={row.original.source}>{row.original.title}</span> },
      { id: 'nodes', header: t('providers.nodes'), accessorKey: 'supportedNodes', cell: ({ row }) => `${row.original.supportedNodes} / ${nodes}` },
      { id: 'macs', header: t('providers.macs'), accessorFn: ({ supportedMacs }) => supportedMacs ?? -1, cell: ({ row }) => (row.original.supportedMacs === null ? '–' : quantityText(formatPercent(row.original.supportedMacs))) },
      { id: 'parts', header: t('providers.parts'), accessorKey: 'partitions' },
      { id: 'stays', header: t('providers.stays'), enableSorting: false, cell: ({ row }) => <Reasons provider={row.original} /> },
      { id: 'show', header: '', enableSorting: false, cell: ({ row }) => documentId !== null && <ShowButton provider={row.original} documentId={documentId} /> },
    ]
  }, [t, usability, documentId])
  if (documentId === null) return <p className={styles.empty}>{t('form.noModel')}</p>
  return <DataTable label={t('providers.label')} rows={usability?.providers ?? []} columns={columns} looks={LOOKS} empty="" />
}

/** Asked anew after each edit. */
function useUsability(documentId: string | null): ModelUsability | null {
  const revision = useEditStore((state) => (documentId === null ? 0 : documentState(state, documentId).revision))
  const [found, setFound] = useState<{ readonly key: string; readonly usability: ModelUsability } | null>(null)
  const key = `${documentId ?? ''}:${revision}`
  useEffect(() => {
    if (documentId === null) return
    let current = true
    getBridge()
      .request('model.usability', { documentId })
      .then(
        (usability) => current && setFound({ key, usability }),
        (error: unknown) => reportError(error),
      )
    return () => {
      current = false
    }
  }, [documentId, key])
  return found?.key === key ? found.usability : null
}

function Reasons({ provider: { unsupported } }: { readonly provider: ProviderUsability }): ReactNode {
  const { t } = useTranslation('phones')
  if (unsupported.length === 0) return <span className="dim">{t('providers.nothing')}</span>
  const counts = new Map<string, number>()
  for (const { opType, reason } of unsupported) {
    const text = t(`providers.reasons.${reason.code}`, { opType, ...reason })
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return (
    <ul className={styles.reasons}>
      {sorted.slice(0, SHOWN_REASONS).map(([reason, count]) => (
        <li key={reason}>
          <span className="figures">{count} ×</span> {reason}
        </li>
      ))}
      {sorted.length > SHOWN_REASONS && <li className="dim">{t('providers.more', { count: sorted.length - SHOWN_REASONS })}</li>}
    </ul>
  )
}

function ShowButton({ provider, documentId }: { readonly provider: ProviderUsability; readonly documentId: string }): ReactNode {
  const { t } = useTranslation('phones')
  const id = `usability-${provider.provider}`
  const shown = useProfileStore((state) => state.overlay === `panel:${id}`)
  const show = (): void => {
    const nodes = new Map<number, OverlayMark>()
    for (const { nodeId, partition } of provider.supported) nodes.set(nodeId, { group: 1 + (partition % 2), text: t('providers.part', { number: partition + 1 }) })
    for (const { nodeId } of provider.unsupported) nodes.set(nodeId, { group: 0, text: t('providers.onCpu') })
    showOverlay({
      id,
      documentId,
      title: provider.title,
      nodes,
      legend: { groups: [t('providers.onCpu'), t('providers.oddParts'), t('providers.evenParts')] },
    })
  }
  return (
    <Button variant={shown ? 'light' : 'default'} size="compact-xs" onClick={show} aria-pressed={shown} aria-label={`${t('providers.show')}: ${provider.title}`}>
      {t(shown ? 'providers.shown' : 'providers.show')}
    </Button>
  )
}
