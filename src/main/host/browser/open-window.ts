import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable', 'brave-browser']

/** Browsers that can show a page as an application window, where they are installed outside PATH. */
const PLACES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
}

/** The browser to open the window with (`EDGEFIT_CHROMIUM` goes first), or null where there is none. */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const candidates = [env['EDGEFIT_CHROMIUM'] ?? '', ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...(PLACES[process.platform] ?? [])]
  return candidates.find((path) => path !== '' && isExecutable(path)) ?? null
}

/** False on a machine without a screen: over SSH, in a container. */
export function hasDisplay(env: NodeJS.ProcessEnv = process.env): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY'])
}

/** Flags for an application window that keeps to itself: its own profile, and nothing that calls home. */
export function windowFlags(options: { url: string; profileFolder: string; isRoot: boolean }): string[] {
  return [
    `--app=${options.url}`,
    `--user-data-dir=${options.profileFolder}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-domain-reliability',
    '--disable-extensions',
    '--disable-quic',
    '--disable-sync',
    '--metrics-recording-only',
    '--no-pings',
    // Chromium's own sandbox refuses to start for root.
    ...(options.isRoot ? ['--no-sandbox'] : []),
  ]
}

/** Opens the window; the process ends when the person closes it. */
export function openWindow(options: { browser: string; url: string; profileFolder: string }): ChildProcess {
  const { browser, url, profileFolder } = options
  return spawn(browser, windowFlags({ url, profileFolder, isRoot: process.getuid?.() === 0 }), { stdio: 'ignore' })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
