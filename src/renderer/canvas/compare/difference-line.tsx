import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { sideOf } from '../../session/compare-models'
import { graphLookup, nodeLabel } from '../../session/graph-lookup'
import type { ComparedPair, Comparison } from '../../stores/compare-store'
import { useProfileStore } from '../../stores/profile-store'
import { selectedNodeIds, useSelectionStore } from '../../stores/selection-store'
import { graphOf, openDocument, useSessionStore } from '../../stores/session-store'
import { differenceWords } from './change-words'
import styles from './compare-view.module.css'
import { latencyOf, latencyText } from './node-latencies'

/** The selected node in words: what differs, and how long it takes in both models. */
export function DifferenceLine({ pair, comparison }: { readonly pair: ComparedPair; readonly comparison: Comparison | null }): ReactNode {
  const { t } = useTranslation('canvas')
  const selection = useSelectionStore((state) => state.selection)
  const side = useSessionStore((state) => sideOf(pair, state.activeDocumentId))
  const view = useSessionStore((state) => graphOf(state, state.activeDocumentId))
  const latencyA = useLatencyOf(pair.a)
  const latencyB = useLatencyOf(pair.b)
  const index = comparison?.found?.index ?? null
  const [nodeId] = selectedNodeIds(selection)
  const node = nodeId === undefined || view === null ? undefined : graphLookup(view).nodes.get(nodeId)
  if (index === null || node === undefined) {
    return <div className={`${styles.words} dim`}>{t(index !== null && index.differences.length === 0 ? 'compare.same' : 'compare.choose')}</div>
  }
  const difference = index.differences[index.differenceOf[side].get(node.id) ?? -1]
  const partners = index.partners[side].get(node.id) ?? []
  const [a, b] = difference !== undefined ? [difference.a, difference.b] : side === 'a' ? [[node.id], partners] : [partners, [node.id]]
  const words = difference === undefined ? [t('compare.nodeSame')] : [t(`compare.tones.${difference.tone}`), ...differenceWords(t, difference)]
  return (
    <div className={styles.words} role="status" aria-label={t('compare.difference')}>
      <strong className="ellipsis">{node.opType === nodeLabel(node) ? node.opType : `${node.opType} ${nodeLabel(node)}`}</strong>
      <span className={styles.phrases}>
        {words.map((phrase, place) => (
          <span key={place}>{phrase}</span>
        ))}
      </span>
      <span className={styles.latency} title={t('compare.latencyTip')}>
        {latencyText(latencyA(a), latencyB(b))}
      </span>
    </div>
  )
}

function useLatencyOf(documentId: string): ReturnType<typeof latencyOf> {
  const path = useSessionStore((state) => openDocument(state, documentId)?.summary.path ?? '')
  const profile = useProfileStore((state) => state.profiles[path])
  return useMemo(() => latencyOf(profile), [profile])
}
