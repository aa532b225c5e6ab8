import { useEffect, useRef, type RefObject } from 'react'

/** Of an element to hold what came of a run: it is brought into sight when the run ends, and not when it is only shown again. */
export function useScrollToResult(isRunning: boolean, block: ScrollLogicalPosition): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null)
  const wasRunning = useRef(false)
  useEffect(() => {
    if (wasRunning.current && !isRunning) element.current?.scrollIntoView({ block })
    wasRunning.current = isRunning
  }, [isRunning, block])
  return element
}
