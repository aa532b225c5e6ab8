/**
 * Who may talk to the browser host. It listens on 127.0.0.1 only, but every page in the person's browser can reach that
 * too, so each request must carry the token (in the first URL, then in a cookie that other sites cannot use), name this
 * machine as its Host (or a rebound DNS name would let a foreign page in) and, where it changes anything, come from our own page.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Any port: over SSH the person's end of the tunnel has its own. */
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

export interface Access {
  readonly token: string
  /** Names this server's cookie: cookies are shared by all ports of a host. */
  readonly cookieName: string
}

export type Refusal = { readonly status: 400 | 401 | 403; readonly reason: string }

export function createAccess(token = randomBytes(24).toString('base64url')): Access {
  return { token, cookieName: `edgefit-${createHash('sha256').update(token).digest('hex').slice(0, 8)}` }
}

/** Null where the request may pass. `changes` asks for our own page as its origin as well. */
export function refusal(access: Access, request: IncomingMessage, kind: 'page' | 'read' | 'change'): Refusal | null {
  const host = request.headers.host ?? ''
  if (!LOCAL_HOST.test(host)) return { status: 403, reason: 'This address is not served here.' }
  const { origin } = request.headers
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, reason: 'Requests from other sites are refused.' }
  if (kind === 'change' && origin === undefined) return { status: 403, reason: 'The request does not say where it comes from.' }
  // A page in the address bar may be reached by a link; everything else only from our own page.
  if (kind !== 'page' && request.headers['sec-fetch-site'] === 'cross-site') return { status: 403, reason: 'Requests from other sites are refused.' }
  const given = [cookie(request, access.cookieName), kind === 'page' ? urlToken(request) : undefined]
  if (!given.some((value) => value !== undefined && equal(value, access.token))) {
    return { status: 401, reason: 'Open the address that Edgefit printed when it started; it holds the key.' }
  }
  return null
}

export function accessCookie(access: Access): string {
  return `${access.cookieName}=${access.token}; Path=/; HttpOnly; SameSite=Strict`
}

function urlToken(request: IncomingMessage): string | undefined {
  return new URL(request.url ?? '/', 'http://localhost').searchParams.get('token') ?? undefined
}

function cookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  return pairs.find(([key]) => key === name)?.[1]
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
