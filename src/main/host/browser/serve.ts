import { once } from 'node:events'
import { join } from 'node:path'
import { openHome } from '../../workspace/home'
import { builtEngineCommand } from '../engine-command'
import { createShell } from '../shell'
import { type BrowserHost, startBrowserHost } from './browser-host'
import { findBrowser, hasDisplay, openWindow } from './open-window'

/** From the end of the browser process to the page's first word, or its last. */
const WINDOW_PATIENCE_MS = 3000

export interface ServeOptions {
  readonly appRoot: string
  readonly port: number
  /** Absolute paths. */
  readonly openAtStart: readonly string[]
  /** Whether to open a window, or only print the address. */
  readonly window: 'open' | 'none'
  /** One line for the person. */
  readonly say: (line: string) => void
}

/** Runs the browser host until it is told to stop (Ctrl-C, SIGTERM) or its own window is closed. */
export async function serve(options: ServeOptions): Promise<void> {
  const { appRoot, say } = options
  const home = openHome()
  const shell = createShell({ host: 'browser', home, appRoot, engine: builtEngineCommand(appRoot), openAtStart: options.openAtStart })
  try {
    const host = await startBrowserHost({ shell, home, rendererFolder: join(appRoot, 'out', 'renderer'), port: options.port })
    const stop = stopSignal()
    say(`Edgefit is at ${host.url}`)
    // Warm by the time the page asks for a model.
    shell.startEngine()
    const closed = options.window === 'open' ? showWindow(host, home.browserProfileFolder, say) : null
    await Promise.race(closed ? [stop, closed] : [stop])
    await host.close()
  } finally {
    await shell.dispose()
  }
}

function stopSignal(): Promise<unknown> {
  return Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)))
}

/** Resolves when the window it opened is closed; null where there is no browser to open one. */
function showWindow(host: BrowserHost, profileFolder: string, say: (line: string) => void): Promise<unknown> | null {
  const browser = hasDisplay() ? findBrowser() : null
  if (!browser) {
    say(hasDisplay() ? 'No Chromium, Chrome or Edge was found: open the address in a browser.' : 'There is no display here: open the address in a browser.')
    return null
  }
  const window = openWindow({ browser, url: host.url, profileFolder })
  return new Promise((resolve) => {
    window.once('error', (error) => say(`${browser} could not be started (${error.message}): open the address in a browser.`))
    // A browser that hands the page to one already running ends at once, so its end alone says nothing: the page counts.
    window.once('exit', () => setTimeout(() => void (host.wasOpened() ? untilClosed(host, resolve) : say(`${browser} showed no window: open the address in a browser.`)), WINDOW_PATIENCE_MS))
  })
}

function untilClosed(host: BrowserHost, done: (value: unknown) => void): void {
  if (host.windowCount() === 0) done(undefined)
  else setTimeout(() => untilClosed(host, done), 1000)
}
