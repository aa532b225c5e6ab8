import { useEffect, useState } from 'react'
import type { RequestParams, RequestResult } from '#shared/ipc/contract'
import { toErrorData } from '#shared/errors'
import { getBridge } from '../bridge/bridge'

type Previewing = 'prune.preview' | 'prune.candidates'

export interface PreviewState<N extends Previewing> {
  /** The latest one, also while the next is worked out. */
  readonly preview: RequestResult<N> | null
  readonly problem: string | null
}

/** Long enough that dragging a slider does not ask at every pixel. */
const PAUSE_MS = 120

/** Asks for a preview whenever what is asked for, the document or its revision changes. */
export function usePreview<N extends Previewing>(name: N, params: RequestParams<N>, revision: number): PreviewState<N> {
  const [state, setState] = useState<PreviewState<N>>({ preview: null, problem: null })
  const asked = JSON.stringify(params)
  useEffect(() => {
    let isCurrent = true
    const ask = async () => {
      try {
        const preview = await getBridge().request(name, JSON.parse(asked) as RequestParams<N>)
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
  }, [name, asked, revision])
  return state
}
