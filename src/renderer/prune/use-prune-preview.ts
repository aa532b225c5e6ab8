import { useEffect, useState } from 'react'
import type { PruneCurve, PrunePreview } from '#shared/prune'
import { toErrorData } from '#shared/errors'
import { getBridge } from '../bridge/bridge'
import type { PruneChoice } from './prune-choice'

export interface PreviewState {
  /** The latest one, also while the next is worked out. */
  readonly preview: PrunePreview | null
  readonly problem: string | null
}

/** Long enough that dragging a slider does not ask at every pixel. */
const PAUSE_MS = 120

/** Asks for a preview whenever the choice, the document or its revision changes. */
export function usePrunePreview(documentId: string, revision: number, { choice, curves }: { choice: PruneChoice; curves: readonly PruneCurve[] | null }): PreviewState {
  const [state, setState] = useState<PreviewState>({ preview: null, problem: null })
  useEffect(() => {
    let isCurrent = true
    const ask = async () => {
      const { recovery: _, ...options } = choice
      try {
        const preview = await getBridge().request('prune.preview', { documentId, options, curves: curves ? [...curves] : null })
        if (isCurrent) setState({ preview, problem: null })
      } catch (error) {
        if (isCurrent) setState({ preview: null, problem: toErrorData(error).message })
      }
    }
    const timer = setTimeout(() => void ask(), PAUSE_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [documentId, revision, choice, curves])
  return state
}
