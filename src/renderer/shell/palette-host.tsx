import { useHotkeys } from '@mantine/hooks'
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import type { Disposer } from '#shared/disposer'
import { reportError } from '../session/report-error'

const loadPalette = () => import('../actions/command-palette')
const CommandPalette = lazy(loadPalette)
/** The window has been drawn and the first model opened by then. */
const EARLY_MS = 3000
const LOADING_MS = 5000
const OPEN = 'edgefit:open-palette'

/** Shows the command palette; its code is loaded the first time. */
export function openPalette(): void {
  window.dispatchEvent(new Event(OPEN))
}

/** Keeps the palette out of the first bundle, and listens to its key everywhere, in text fields too. */
export function PaletteHost(): ReactNode {
  const [wanted, setWanted] = useState(false)
  const drawn = useRef(false)
  useHotkeys([['mod+K', openPalette]], [], true)
  useEffect(() => {
    let stopTakingKeys: Disposer | null = null
    const open = (): void => {
      stopTakingKeys?.()
      stopTakingKeys = takeKeysUntilFocus()
      setWanted(true)
      if (drawn.current) import('@mantine/spotlight').then(({ spotlight }) => spotlight.open(), (error: unknown) => reportError(error))
      drawn.current = true
    }
    const early = setTimeout(() => void loadPalette().catch((error: unknown) => reportError(error)), EARLY_MS)
    window.addEventListener(OPEN, open)
    return () => {
      clearTimeout(early)
      stopTakingKeys?.()
      window.removeEventListener(OPEN, open)
    }
  }, [])
  return <Suspense>{wanted && <CommandPalette />}</Suspense>
}

/** What is typed before the palette's field is there belongs into it, and is no key of an action. */
function takeKeysUntilFocus(): Disposer {
  let typed = ''
  const onKey = (event: KeyboardEvent): void => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    typed += event.key
  }
  const stop = (): void => {
    clearTimeout(timer)
    window.removeEventListener('keydown', onKey, true)
    window.removeEventListener('focusin', onFocus)
  }
  const onFocus = ({ target }: FocusEvent): void => {
    stop()
    if (typed === '' || !(target instanceof HTMLInputElement)) return
    target.setRangeText(typed, 0, 0, 'end')
    target.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }
  // Where the palette cannot be loaded, keys mean again what they meant.
  const timer = setTimeout(stop, LOADING_MS)
  window.addEventListener('keydown', onKey, true)
  window.addEventListener('focusin', onFocus)
  return stop
}
