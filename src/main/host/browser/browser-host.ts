/** The studio for a browser: the same renderer and the same contract over HTTP and a WebSocket, on this machine only. */
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { AppError, toErrorData } from '#shared/errors'
import type { Answer } from '#shared/ipc/contract'
import type { Home } from '../../workspace/home'
import { importFile } from '../../workspace/imports'
import { securityHeaders } from '../security-headers'
import type { Shell } from '../shell'
import { findStaticFile } from '../static-files'
import { accessCookie, createAccess, refusal } from './access'
import { createDownloads } from './downloads'
import { serveEvents } from './events-socket'
import { readJson } from './read-json'

export interface BrowserHost {
  /** With the token; the only way in. */
  readonly url: string
  readonly port: number
  /** Windows connected now. */
  windowCount(): number
  /** Whether any window has connected since the start. */
  wasOpened(): boolean
  close(): Promise<void>
}

export interface BrowserHostOptions {
  readonly shell: Shell
  readonly home: Home
  /** The built renderer. */
  readonly rendererFolder: string
  /** 0 takes a free one. */
  readonly port: number
  /** How long a window that vanished without a word may take to come back before its jobs are cancelled. */
  readonly graceMs?: number
}

const CLIENT_ID = /^[A-Za-z0-9-]{8,64}$/

/** Throws AppError bad-usage where the port is taken. */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const { shell } = options
  const access = createAccess()
  const downloads = createDownloads(shell)
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      shell.log(`browser host: ${request.method ?? ''} ${pathOf(request)}: ${String(error)}`)
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, failure(error))
    })
  })
  const events = serveEvents({ server, shell, access, graceMs: options.graceMs ?? 10_000, isClientId: (id) => CLIENT_ID.test(id) })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders([`ws://${request.headers.host ?? ''}`]))) response.setHeader(name, value)
    const path = pathOf(request)
    const refused = refusal(access, request, request.method === 'POST' ? 'change' : path === '/' ? 'page' : 'read')
    if (refused) return sendText(response, refused.status, refused.reason)
    if (request.method === 'POST') return handlePost(path, request, response)
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendText(response, 405, 'Only GET and POST are served.')
    if (path === '/') response.setHeader('Set-Cookie', accessCookie(access))
    const download = /^\/download\/([A-Za-z0-9_-]+)$/.exec(path)?.[1]
    if (download !== undefined) return downloads.send(download, response)
    await sendStatic(path, request, response)
  }

  async function handlePost(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const clientId = String(request.headers['x-edgefit-client'] ?? '')
    if (!CLIENT_ID.test(clientId)) return sendText(response, 400, 'The request does not say which window it comes from.')
    const name = /^\/api\/request\/([A-Za-z.]+)$/.exec(path)?.[1]
    if (name !== undefined) return sendJson(response, 200, await answered(request, async () => shell.request(clientId, name, await readJson(request))))
    if (path === '/api/import') return sendJson(response, 200, await answered(request, async () => valueAnswer(await receiveFile(request))))
    if (path === '/api/download') return sendJson(response, 200, await answered(request, async () => valueAnswer(downloads.offer(clientId, await readJson(request)))))
    sendText(response, 404, 'There is nothing here.')
  }

  async function receiveFile(request: IncomingMessage): Promise<string> {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const sizeBytes = Number(request.headers['content-length'])
    if (!Number.isSafeInteger(sizeBytes)) throw new AppError({ code: 'bad-usage', message: 'The upload does not say how long it is.' })
    return importFile({ folder: options.home.importsFolder, batch: query.get('batch') ?? '', name: query.get('name') ?? '', sizeBytes, content: request })
  }

  async function sendStatic(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = findStaticFile(options.rendererFolder, path)
    if (!file) return sendText(response, 404, path === '/' ? 'The window is not built yet: run `npm run build`.' : 'There is nothing here.')
    response.writeHead(200, {
      'Content-Type': file.type,
      'Content-Length': file.sizeBytes,
      'Cache-Control': file.immutable ? 'private, max-age=31536000, immutable' : 'no-store',
    })
    if (request.method === 'HEAD') response.end()
    else await pipeline(createReadStream(file.path), response)
  }

  const port = await listen(server, options.port)
  return {
    url: `http://127.0.0.1:${String(port)}/?token=${access.token}`,
    port,
    windowCount: events.windowCount,
    wasOpened: events.wasOpened,
    async close() {
      events.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      reject(taken ? new AppError({ code: 'bad-usage', message: `Port ${String(port)} cannot be used: ${error.message}.`, hint: 'Choose another one with --port, or leave it out.' }) : error)
    })
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://localhost').pathname
}

/** What is left of a body that was refused is read away: a browser shows no answer that comes before it has sent everything. */
async function answered(request: IncomingMessage, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    return failure(error)
  } finally {
    request.resume()
  }
}

function valueAnswer(value: unknown): Answer {
  return { ok: true, value }
}

function failure(error: unknown): Answer {
  return { ok: false, error: toErrorData(error) }
}

function sendJson(response: ServerResponse, status: number, answer: Answer): void {
  const body = Buffer.from(JSON.stringify(answer))
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length, 'Cache-Control': 'no-store' })
  response.end(body)
}

function sendText(response: ServerResponse, status: number, text: string): void {
  // What the refused side still sends is not read.
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...(status >= 400 && { Connection: 'close' }) })
  response.end(`${text}\n`)
}
