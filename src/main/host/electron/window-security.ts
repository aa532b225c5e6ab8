import type { Session, WebContents, WebFrameMain, WebPreferences } from 'electron'
import { addressOf, APP_ORIGIN } from './app-scheme'

export function webPreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    webviewTag: false,
    webSecurity: true,
    navigateOnDragDrop: false,
    spellcheck: false,
  }
}

/** The window shows our page and nothing else: no other page, window, frame or permission. */
export function lockDown(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

export function refusePermissions(session: Session): void {
  // Only the microphone, for models that take a sound; the system asks the person too.
  session.setPermissionRequestHandler((_contents, permission, answer, details) => answer(permission === 'media' && isAudioOnly(details)))
  session.setPermissionCheckHandler((_contents, permission, _origin, details) => permission === 'media' && details.mediaType === 'audio')
  session.setDevicePermissionHandler(() => false)
  // The page talks to the shell only; whatever else it might ask for is not sent.
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOwnAddress(details.url) }))
}

function isAudioOnly(details: object): boolean {
  const types: unknown = 'mediaTypes' in details ? details.mediaTypes : null
  return Array.isArray(types) && types.length === 1 && types[0] === 'audio'
}

function isOwnAddress(url: string): boolean {
  return /^(app|data|blob|devtools):/.test(url)
}

/** True for our own page in the window's main frame; a message from anything else is not answered. */
export function isTrustedSender(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && addressOf(frame.url).origin === APP_ORIGIN
}
