import { useEffect } from 'react'

/** Tells the panel that a preview has found nothing to do, for as long as it is shown. */
export function useNothingToDo(isNothing: boolean, tell: (isNothing: boolean) => void): void {
  useEffect(() => {
    tell(isNothing)
    return () => tell(false)
  }, [isNothing, tell])
}
