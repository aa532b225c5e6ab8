import { readFile } from 'node:fs/promises'
import { protocol, type Session } from 'electron'
import { securityHeaders } from '../security-headers'
import { findStaticFile } from '../static-files'

/** The window's pages come from here: a scheme of our own, so that workers and isolation behave as on the web; no file:// page ever loads. */
export const APP_ORIGIN = 'app://edgefit'

/** Must run before Electron is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])
}

export function serveAppScheme(session: Session, rendererFolder: string): void {
  session.protocol.handle('app', async ({ url, method }) => {
    const { origin, pathname } = addressOf(url)
    const file = origin === APP_ORIGIN && method === 'GET' ? findStaticFile(rendererFolder, pathname) : null
    if (!file) return new Response('There is nothing here.', { status: 404, headers: securityHeaders() })
    return new Response(new Uint8Array(await readFile(file.path)), { headers: { ...securityHeaders(), 'Content-Type': file.type } })
  })
}

/** `origin` of a URL is 'null' for schemes that the URL standard does not know, so it is put together here. */
export function addressOf(url: string): { origin: string; pathname: string } {
  const { protocol: scheme, host, pathname } = new URL(url)
  return { origin: `${scheme}//${host}`, pathname }
}
