/** Comparing two open models: asking for the comparison, showing it, going through it. */
import { useEffect } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { toErrorData } from '#shared/errors'
import type { ModelSummary } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { indexDiff, type Difference, type Side } from '../canvas/compare/compare-index'
import { isPair, useCompareStore, type ComparedPair, type Comparison } from '../stores/compare-store'
import { useProfileStore } from '../stores/profile-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { openDocument, useSessionStore, type SessionState } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { useViewStore } from '../stores/view-store'
import { goToNodes } from './go-to-node'
import { openPaths } from './open-models'
import { openPanel } from './panels'

/** The pair side by side: null unless both models are open and one of them is in front. */
export function shownPair(): ComparedPair | null {
  return pairIn(useSessionStore.getState(), useCompareStore.getState().pair)
}

export function useShownPair(): ComparedPair | null {
  const pair = useCompareStore((state) => state.pair)
  return useSessionStore(useShallow((state) => pairIn(state, pair)))
}

function pairIn(state: SessionState, pair: ComparedPair | null): ComparedPair | null {
  if (pair === null || (state.activeDocumentId !== pair.a && state.activeDocumentId !== pair.b)) return null
  return openDocument(state, pair.a) === null || openDocument(state, pair.b) === null ? null : pair
}

let asked: { readonly a: ModelSummary; readonly b: ModelSummary } | null = null

/** How two open models differ, asked for again after every edit of either; null until it is known. */
export function useComparison(pair: ComparedPair | null): Comparison | null {
  // A summary is replaced whenever its document changes.
  const a = useSessionStore((state) => openDocument(state, pair?.a ?? null)?.summary ?? null)
  const b = useSessionStore((state) => openDocument(state, pair?.b ?? null)?.summary ?? null)
  const comparison = useCompareStore((state) => state.comparison)
  useEffect(() => {
    if (pair !== null && a !== null && b !== null) void compareOnce(pair, { a, b })
  }, [pair, a, b])
  return pair !== null && comparison !== null && isPair(comparison.pair, pair) ? comparison : null
}

async function compareOnce(pair: ComparedPair, summaries: { readonly a: ModelSummary; readonly b: ModelSummary }): Promise<void> {
  if (asked?.a === summaries.a && asked.b === summaries.b) return
  asked = summaries
  const put = (comparison: Omit<Comparison, 'pair'>): void => {
    if (asked === summaries) useCompareStore.getState().putComparison({ pair, ...comparison })
  }
  try {
    const diff = await getBridge().request('model.diff', { ...pair })
    put({ found: { diff, index: indexDiff(diff) }, error: null })
  } catch (error) {
    put({ found: null, error: toErrorData(error) })
  }
}

/** Shows two open models side by side, what differs in colours: those of an overlay can be chosen then. */
export function showSideBySide(pair: ComparedPair): void {
  if (shownPair() === null) useProfileStore.getState().setOverlay('none')
  useCompareStore.getState().compare(pair)
  const { activeDocumentId, activate } = useSessionStore.getState()
  if (activeDocumentId !== pair.a && activeDocumentId !== pair.b) activate(pair.b)
  useViewStore.getState().setMode('graph')
}

export function stopComparing(): void {
  useCompareStore.getState().compare(null)
}

/**
 * Compares the model shown: a variant with its source, which is opened for it; another with the one other open model, or with its one
 * variant. Where there are several, the Compare panel asks which.
 */
export async function toggleComparing(): Promise<void> {
  if (shownPair() !== null) return stopComparing()
  const { documents, activeDocumentId } = useSessionStore.getState()
  const active = documents.find(({ documentId }) => documentId === activeDocumentId)
  if (active === undefined) return
  const variant = variantAt(useVariantsStore.getState().bySource, active.summary.path)
  if (variant !== null) return compareFiles(variant.sourcePath, active.summary.path)
  const [other, ...more] = documents.filter(({ documentId }) => documentId !== active.documentId)
  const [variantOfIt, ...moreVariants] = useVariantsStore.getState().bySource[active.summary.path] ?? []
  if (other === undefined && variantOfIt !== undefined && moreVariants.length === 0) return compareFiles(active.summary.path, variantOfIt.modelPath)
  if (other === undefined || more.length > 0) return openPanel('compare')
  showSideBySide({ a: other.documentId, b: active.documentId })
}

/** Opens two models where they are not, and shows them side by side. */
export async function compareFiles(pathA: string, pathB: string): Promise<void> {
  await openPaths([pathA, pathB])
  const { documents } = useSessionStore.getState()
  const idOf = (path: string) => documents.find(({ summary }) => summary.path === path)?.documentId
  const [a, b] = [idOf(pathA), idOf(pathB)]
  if (a !== undefined && b !== undefined) showSideBySide({ a, b })
}

export function sideOf(pair: ComparedPair, documentId: string | null): Side {
  return pair.a === documentId ? 'a' : 'b'
}

/** Shows a difference where it is: in the model in front if that has part in it, else in the other. */
export async function goToDifference(pair: ComparedPair, difference: Pick<Difference, 'a' | 'b' | 'tone'>): Promise<void> {
  const { activeDocumentId, activate } = useSessionStore.getState()
  const inFront = sideOf(pair, activeDocumentId)
  const side = difference[inFront].length > 0 ? inFront : inFront === 'a' ? 'b' : 'a'
  const nodes = difference.tone === 'replaced' ? difference[side] : difference[side].slice(0, 1)
  activate(pair[side])
  await goToNodes(nodes)
}

/** The difference that the selection has part in, by its index. */
export function selectedDifference(pair: ComparedPair, comparison: Comparison): number | null {
  const [nodeId] = selectedNodeIds(useSelectionStore.getState().selection)
  const side = sideOf(pair, useSessionStore.getState().activeDocumentId)
  return nodeId === undefined ? null : (comparison.found?.index.differenceOf[side].get(nodeId) ?? null)
}

/** Goes to the next or the previous difference, over the end to the beginning; of one sort only where `tone` is given. */
export async function stepDifference(by: 1 | -1, tone?: Difference['tone']): Promise<void> {
  const pair = shownPair()
  const { comparison } = useCompareStore.getState()
  if (pair === null || comparison === null || comparison.found === null || !isPair(comparison.pair, pair)) return
  const { differences } = comparison.found.index
  const at = selectedDifference(pair, comparison)
  const start = at ?? (by === 1 ? -1 : 0)
  for (let step = 1; step <= differences.length; step++) {
    const next = differences[(((start + by * step) % differences.length) + differences.length) % differences.length]
    if (next !== undefined && (tone === undefined || next.tones.includes(tone))) return goToDifference(pair, next)
  }
}
