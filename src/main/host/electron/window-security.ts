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
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  // The page talks to the shell only; whatever else it might ask for is not sent.
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOwnAddress(details.url) }))
}

function isOwnAddress(url: string): boolean {
  return /^(app|data|blob|devtools):/.test(url)
}

/** True for our own page in the window's main frame; a message from anything else is not answered. */
export function isTrustedSender(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && addressOf(frame.url).origin === APP_ORIGIN
}
