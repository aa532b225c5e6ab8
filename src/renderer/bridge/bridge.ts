import type { Bridge } from '#shared/ipc/contract'
import type { PreloadApi } from '#shared/ipc/preload-api'

declare global {
  interface Window {
    /** Put there by the preload; absent in the browser host. */
    readonly edgefit?: PreloadApi
  }
}

let bridge: Bridge | null = null

/** Called once by the entry, before anything is drawn: with the real window's bridge or the browser host's client. */
export function setBridge(value: Bridge): void {
  bridge = value
}

/** The one way to the shell. */
export function getBridge(): Bridge {
  if (bridge === null) throw new Error('internal: the bridge was used before it was set')
  return bridge
}
