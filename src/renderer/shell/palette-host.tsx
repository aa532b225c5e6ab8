import { useHotkeys } from '@mantine/hooks'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { reportError } from '../session/report-error'

const CommandPalette = lazy(() => import('../actions/command-palette'))
const OPEN = 'edgefit:open-palette'

/** Shows the command palette; its code is loaded the first time. */
export function openPalette(): void {
  window.dispatchEvent(new Event(OPEN))
}

/** Keeps the palette out of the first bundle, and listens to its key everywhere, in text fields too. */
export function PaletteHost(): ReactNode {
  const [wanted, setWanted] = useState(false)
  useHotkeys([['mod+K', openPalette]], [], true)
  useEffect(() => {
    const open = (): void => {
      setWanted(true)
      import('@mantine/spotlight').then(({ spotlight }) => spotlight.open(), (error: unknown) => reportError(error))
    }
    window.addEventListener(OPEN, open)
    return () => window.removeEventListener(OPEN, open)
  }, [])
  return <Suspense>{wanted && <CommandPalette />}</Suspense>
}
