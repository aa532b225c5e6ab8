import { useEffect, useState } from 'react'
import { toErrorData, type ErrorData } from '#shared/errors'
import { documentState, useEditStore } from '../stores/edit-store'

interface TensorAnswer<Value> {
  readonly value: Value | null
  readonly error: ErrorData | null
}

/**
 * What the engine says of a tensor, asked again after each edit of its document and whenever `ask` is another function. The last answer stays
 * until the next is there.
 */
export function useTensorAnswer<Value>(documentId: string, ask: () => Promise<Value>): TensorAnswer<Value> {
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const [answer, setAnswer] = useState<TensorAnswer<Value>>({ value: null, error: null })
  useEffect(() => {
    let current = true
    ask().then(
      (value) => current && setAnswer({ value, error: null }),
      (error: unknown) => current && setAnswer({ value: null, error: toErrorData(error) }),
    )
    return () => {
      current = false
    }
  }, [ask, revision, revisions])
  return answer
}
