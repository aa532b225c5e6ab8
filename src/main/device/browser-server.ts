/**
 * Hands one model to one browser and takes its figures and outputs. Everything lies under a token of this run alone, and the
 * page itself is given out once: whoever reads the address later, or another app on the phone that finds the port, gets
 * nothing. Listens on loopback unless told another address.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.wasm': 'application/wasm' }
const PAGE_FILES = new Set(['page.js', 'worker.js', 'tensors.js'])
const RUNTIME_FILE = /^ort[\w.-]*\.(mjs|wasm)$/
const MOST_EVENT_BYTES = 8 * 1024 * 1024
const MOST_OUTPUT_BYTES = 1024 * 1024 * 1024

/** Isolation gives the page shared memory, which threads need. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

export interface BrowserServerOptions {
  readonly address: string
  readonly pageFolder: string
  /** onnxruntime-web's `dist`. */
  readonly runtimeFolder: string
  readonly task: { readonly provider: string; readonly warmup: number; readonly runs: number; readonly threads: number; readonly seconds: number; readonly patienceMs: number }
  readonly modelPath: string
  /** Names by which the model knows its data files, and where they are. */
  readonly externalData: readonly { readonly name: string; readonly path: string }[]
  readonly inputs: Uint8Array
  readonly onEvent: (event: unknown) => void
  readonly onOutputs: (outputs: Uint8Array) => void
  /** The page was asked for. */
  readonly onOpen: () => void
  /** Called with each piece that goes to the browser. */
  readonly onBytes: (bytes: number) => void
}

export interface BrowserServer {
  readonly port: number
  /** Path of the page, with the token. */
  readonly path: string
  close(): Promise<void>
}

type Answer = { readonly status: number; readonly type?: string; readonly body?: string | Uint8Array; readonly file?: string }

export async function startBrowserServer(options: BrowserServerOptions): Promise<BrowserServer> {
  const token = randomBytes(24).toString('base64url')
  let opened = false
  const server = createServer((request, response) => {
    answer(request).then(
      (result) => send(response, result, options.onBytes),
      () => send(response, { status: 500 }, options.onBytes),
    )
  })

  async function answer(request: IncomingMessage): Promise<Answer> {
    const [given = '', ...rest] = (request.url ?? '/').replace(/\?.*$/, '').slice(1).split('/')
    if (!same(given, token)) return { status: 404 }
    const name = rest.join('/')
    if (request.method === 'POST') return take(request, name)
    if (request.method !== 'GET') return { status: 405 }
    if (name !== '') return find(name)
    if (opened) return { status: 410, type: 'text/plain', body: 'This address was opened already.' }
    opened = true
    options.onOpen()
    return { status: 200, file: join(options.pageFolder, 'index.html') }
  }

  function find(name: string): Answer {
    const { task, externalData, modelPath, inputs, pageFolder, runtimeFolder } = options
    const [folder, file = ''] = name.split('/')
    if (PAGE_FILES.has(name)) return { status: 200, file: join(pageFolder, name) }
    if (folder === 'ort' && RUNTIME_FILE.test(file) && basename(file) === file) return { status: 200, file: join(runtimeFolder, file) }
    if (name === 'task') return { status: 200, type: 'application/json', body: JSON.stringify({ ...task, externalData: externalData.map(({ name: path }, at) => ({ path, url: `data/${String(at)}` })) }) }
    if (name === 'model') return { status: 200, file: modelPath }
    if (name === 'inputs') return { status: 200, body: inputs }
    const data = folder === 'data' ? externalData[Number(file)] : undefined
    return data ? { status: 200, file: data.path } : { status: 404 }
  }

  async function take(request: IncomingMessage, name: string): Promise<Answer> {
    if (name === 'event') {
      const body = await read(request, MOST_EVENT_BYTES)
      if (body === null) return { status: 413 }
      options.onEvent(parse(body))
      return { status: 204 }
    }
    if (name !== 'outputs') return { status: 404 }
    const body = await read(request, MOST_OUTPUT_BYTES)
    if (body === null) return { status: 413 }
    options.onOutputs(body)
    return { status: 204 }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, options.address, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    path: `/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, { status, type, body, file }: Answer, onBytes: (bytes: number) => void): void {
  const headers = { ...HEADERS, 'Content-Type': type ?? (file === undefined ? 'application/octet-stream' : (TYPES[extname(file)] ?? 'application/octet-stream')) }
  const stat = file === undefined ? null : statSync(file, { throwIfNoEntry: false })
  if (file === undefined || !stat) {
    response.writeHead(file === undefined ? status : 404, headers).end(body)
    return
  }
  response.writeHead(status, { ...headers, 'Content-Length': stat.size })
  const stream = createReadStream(file)
  stream.on('data', (chunk) => onBytes(chunk.length))
  // The browser went away, or the file did: either way this answer is over.
  stream.on('error', () => response.destroy())
  response.on('close', () => stream.destroy())
  stream.pipe(response)
}

/** Null where there is more than `most`. */
async function read(request: IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > most) return null
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** Null for what is no JSON; what it says is checked by those who asked for it. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
