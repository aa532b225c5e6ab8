import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Answer } from '#shared/ipc/contract'
import { sample } from '../testing/sample'
import { createTestShell, type TestShell } from '../testing/test-shell'
import { type BrowserHost, startBrowserHost } from './browser-host'

let studio: TestShell
let host: BrowserHost
let renderer: string
let cookie: string
let sockets: WebSocket[]

const CLIENT = 'window-0001'

beforeEach(async () => {
  studio = createTestShell()
  renderer = mkdtempSync(join(tmpdir(), 'edgefit-renderer-'))
  mkdirSync(join(renderer, 'assets'))
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>Edgefit</title>')
  writeFileSync(join(renderer, 'assets', 'app-1a2b.js'), 'export {}')
  host = await startBrowserHost({ shell: studio.shell, home: studio.home, rendererFolder: renderer, port: 0, graceMs: 200 })
  cookie = (await send({ path: new URL(host.url).pathname + new URL(host.url).search })).headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  sockets = []
})

afterEach(async () => {
  sockets.forEach((socket) => socket.terminate())
  await host.close()
  await studio.dispose()
  rmSync(renderer, { recursive: true, force: true })
})

interface Sent {
  path: string
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** Plain HTTP: fetch would neither let a test forge Host and Origin nor keep `..` in a path. */
function send({ path, method = 'GET', headers = {}, body }: Sent): Promise<{ status: number; headers: Record<string, string[] | undefined> & { get(name: string): string }; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, method, headers: { Host: `127.0.0.1:${String(host.port)}`, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const all = { ...response.headersDistinct, get: (name: string) => String(response.headers[name] ?? '') }
        resolve({ status: response.statusCode ?? 0, headers: all as never, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

const origin = () => `http://127.0.0.1:${String(host.port)}`
const own = () => ({ Cookie: cookie, Origin: origin(), 'X-Edgefit-Client': CLIENT })

async function ask(name: string, params: unknown): Promise<Answer> {
  const { text } = await send({ path: `/api/request/${name}`, method: 'POST', headers: own(), body: JSON.stringify(params) })
  return JSON.parse(text) as Answer
}

function upload(name: string, content: string, { batch = 'batch-0001', length = Buffer.byteLength(content) } = {}): Promise<Answer> {
  const path = `/api/import?${new URLSearchParams({ batch, name }).toString()}`
  return send({ path, method: 'POST', headers: { ...own(), 'Content-Length': String(length) }, body: content }).then(({ text }) => JSON.parse(text) as Answer)
}

function openEvents(headers: Record<string, string>, client = CLIENT): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(host.port)}/api/events?client=${client}`, { headers })
  sockets.push(socket)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

test('it listens on the loopback address only', () => {
  expect(host.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[A-Za-z0-9_-]{32}$/)
  const listening = readFileSync('/proc/net/tcp', 'utf8').split('\n').filter((line) => line.includes(`:${host.port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`))
  expect(listening.map((line) => line.trim().split(/\s+/)[1]?.split(':')[0])).toEqual(['0100007F'])
})

test('the printed address gives the page and a cookie that scripts and other sites cannot use', async () => {
  const { pathname, search } = new URL(host.url)
  const page = await send({ path: pathname + search })
  expect(page.status).toBe(200)
  expect(page.text).toContain('Edgefit')
  expect(page.headers.get('set-cookie')).toMatch(/^edgefit-[0-9a-f]{8}=.+; Path=\/; HttpOnly; SameSite=Strict$/)
  expect((await send({ path: '/', headers: { Cookie: cookie } })).status).toBe(200)
})

test('nothing is served without the token, or with a wrong one', async () => {
  for (const path of ['/', '/?token=wrong', `/?token=${'x'.repeat(32)}`, '/assets/app-1a2b.js', '/index.html', '/download/abc']) {
    expect((await send({ path })).status, path).toBe(401)
  }
  const wrong = cookie.replace(/=.*/, '=wrong')
  expect((await send({ path: '/', headers: { Cookie: wrong } })).status).toBe(401)
  const asked = await send({ path: '/api/request/app.info', method: 'POST', headers: { ...own(), Cookie: wrong }, body: '{}' })
  expect(asked.status).toBe(401)
  expect(asked.text).not.toContain('version')
})

test('the token in the address opens the page only, no request', async () => {
  const { search } = new URL(host.url)
  const asked = await send({ path: `/api/request/app.info${search}`, method: 'POST', headers: { Origin: origin(), 'X-Edgefit-Client': CLIENT }, body: '{}' })
  expect(asked.status).toBe(401)
})

test('a rebound DNS name is refused, a tunnel from another port is not', async () => {
  const port = String(host.port)
  for (const name of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `10.0.0.1:${port}`]) {
    expect((await send({ path: '/', headers: { Host: name, Cookie: cookie } })).status, name).toBe(403)
  }
  for (const name of [`localhost:${port}`, '127.0.0.1:9999']) {
    expect((await send({ path: '/', headers: { Host: name, Cookie: cookie } })).status, name).toBe(200)
  }
})

test('requests from other sites are refused, also without any origin', async () => {
  for (const from of ['https://evil.example', 'null', 'http://127.0.0.1:1', `https://127.0.0.1:${String(host.port)}`]) {
    const asked = await send({ path: '/api/request/app.info', method: 'POST', headers: { ...own(), Origin: from }, body: '{}' })
    expect(asked.status, from).toBe(403)
  }
  const { Origin: _, ...withoutOrigin } = own()
  expect((await send({ path: '/api/request/app.info', method: 'POST', headers: withoutOrigin, body: '{}' })).status).toBe(403)
  expect((await send({ path: '/assets/app-1a2b.js', headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403)
})

test('the socket for events asks for cookie, origin and a proper window id as well', async () => {
  await expect(openEvents({ Origin: origin() })).rejects.toThrow('401')
  await expect(openEvents({ Cookie: cookie, Origin: 'https://evil.example' })).rejects.toThrow('403')
  await expect(openEvents({ Cookie: cookie })).rejects.toThrow('403')
  await expect(openEvents({ Cookie: cookie, Origin: origin() }, 'x')).rejects.toThrow('400')
  await openEvents({ Cookie: cookie, Origin: origin() })
  expect(host.windowCount()).toBe(1)
})

test('every answer carries a strict content policy and isolation headers', async () => {
  for (const path of ['/', '/assets/app-1a2b.js', '/absent']) {
    const { headers } = await send({ path, headers: { Cookie: cookie } })
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(policy).not.toMatch(/script-src[^;]*'unsafe/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
  }
})

test('files outside the renderer are never served', async () => {
  writeFileSync(join(studio.home.folder, 'secret.txt'), 'secret')
  symlinkSync(join(studio.home.folder, 'secret.txt'), join(renderer, 'assets', 'link.txt'))
  for (const path of ['/../package.json', '/%2e%2e/%2e%2e/etc/passwd', '/assets/..%2f..%2f..%2fetc%2fpasswd', '//etc/passwd', '/%00', '/%', '/assets/link.txt', '/assets', '/..\\..\\etc\\passwd']) {
    const { status, text } = await send({ path, headers: { Cookie: cookie } })
    expect(status, path).toBe(404)
    expect(text).not.toContain('secret')
  }
})

test('requests are answered by the shell; unknown names, wrong parameters and broken bodies are refused', async () => {
  expect(await ask('app.info', {})).toMatchObject({ ok: true, value: { host: 'browser' } })
  expect(await ask('model.open', { path: sample.model })).toMatchObject({ ok: true, value: { summary: { nodeCount: 48 } } })
  expect(await ask('no.such', {})).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  expect(await ask('constructor', {})).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  expect(await ask('model.open', { path: 7 })).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  const broken = await send({ path: '/api/request/app.info', method: 'POST', headers: own(), body: '{' })
  expect(JSON.parse(broken.text)).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  const long = await send({ path: '/api/request/app.info', method: 'POST', headers: own(), body: JSON.stringify('x'.repeat(5_000_000)) })
  expect(JSON.parse(long.text)).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  const { 'X-Edgefit-Client': _, ...nameless } = own()
  expect((await send({ path: '/api/request/app.info', method: 'POST', headers: nameless, body: '{}' })).status).toBe(400)
})

test('files dropped together lie together, and folders in their names are kept', async () => {
  const model = await upload('model.onnx', 'model')
  const data = await upload('weights/model.onnx.data', 'data')
  const root = join(studio.home.importsFolder, 'batch-0001')
  expect(model).toEqual({ ok: true, value: join(root, 'model.onnx') })
  expect(data).toEqual({ ok: true, value: join(root, 'weights', 'model.onnx.data') })
  expect(readFileSync(join(root, 'weights', 'model.onnx.data'), 'utf8')).toBe('data')
})

test.each([
  ['../../../etc/passwd', 'etc/passwd'],
  ['..\\..\\evil.onnx', 'evil.onnx'],
  ['/etc/cron.d/evil', 'etc/cron.d/evil'],
  ['....//x', 'file/x'],
  ['.bashrc', 'bashrc'],
  ['a\0b\n.onnx', 'a_b_.onnx'],
  ['con.onnx', '_con.onnx'],
  ['', 'file'],
  ['模型.onnx', '模型.onnx'],
  ['x\u202Egnp.onnx', 'x_gnp.onnx'],
])('an uploaded file named %j is written as %j inside its batch', async (name, expected) => {
  const answer = await upload(name, 'content')
  expect(answer).toEqual({ ok: true, value: join(studio.home.importsFolder, 'batch-0001', expected) })
})

test('the text of a large graph arrives whole', async () => {
  const text = `this is no model ${' '.repeat(5 * 1024 * 1024)}`
  expect(await ask('model.fromText', { text, basePath: null, path: join(studio.home.folder, 'out.onnx') })).toMatchObject({ ok: false, error: { code: 'invalid-data' } })
})

test('a name that is far too long is cut and keeps its ending', async () => {
  const answer = (await upload(`${'长'.repeat(400)}.onnx`, 'content')) as { value: string }
  expect(answer.value.endsWith('.onnx')).toBe(true)
  expect(existsSync(answer.value)).toBe(true)
})

test('a second file of the same name does not replace the first', async () => {
  const first = (await upload('model.onnx', 'first')) as { value: string }
  const second = (await upload('model.onnx', 'second')) as { value: string }
  expect(second.value).not.toBe(first.value)
  expect(readFileSync(first.value, 'utf8')).toBe('first')
})

test('a batch name cannot leave the folder of imports', async () => {
  for (const batch of ['../../evil-batch', '', 'a/b-c-d-e-f', '..........']) {
    expect(await upload('model.onnx', 'x', { batch }), batch).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  }
  expect(existsSync(studio.home.importsFolder)).toBe(false)
})

test('an upload larger than the disk is refused before it is written', async () => {
  const huge = String(2 ** 50)
  const answer = await new Promise<string>((resolve, reject) => {
    const path = `/api/import?${new URLSearchParams({ batch: 'batch-0001', name: 'huge.onnx' }).toString()}`
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, method: 'POST', headers: { Host: `127.0.0.1:${String(host.port)}`, ...own(), 'Content-Length': huge } }, (response) => {
      response.on('data', (chunk: Buffer) => {
        resolve(chunk.toString('utf8'))
        request.destroy()
      })
    })
    request.on('error', reject)
    request.write('begin')
  })
  expect(JSON.parse(answer)).toMatchObject({ ok: false, error: { code: 'disk-full' } })
  expect(readdirSync(join(studio.home.importsFolder, 'batch-0001'))).toEqual([])
})

test('an upload that breaks off leaves no file', async () => {
  await new Promise<void>((resolve) => {
    const path = `/api/import?${new URLSearchParams({ batch: 'batch-0001', name: 'half.onnx' }).toString()}`
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, method: 'POST', headers: { Host: `127.0.0.1:${String(host.port)}`, ...own(), 'Content-Length': '1000' } })
    request.on('error', () => resolve())
    request.write('half of it', () => setTimeout(() => request.destroy(), 100))
  })
  await expect.poll(() => readdirSync(join(studio.home.importsFolder, 'batch-0001'))).toEqual([])
})

test('only files that the studio handed out can be downloaded, each link once', async () => {
  const offer = async (path: string) => {
    const { text } = await send({ path: '/api/download', method: 'POST', headers: own(), body: JSON.stringify({ path, suggestedName: '模型 small.onnx' }) })
    return JSON.parse(text) as Answer
  }
  for (const path of ['/etc/passwd', sample.model, join(studio.home.folder, 'settings.json'), join(studio.home.variantsFolder, '../settings.json')]) {
    expect(await offer(path), path).toMatchObject({ ok: false, error: { code: 'not-found' } })
  }
  await ask('model.open', { path: sample.model })
  const offered = (await offer(sample.model)) as { value: { href: string; name: string }[] }
  expect(offered.value).toHaveLength(1)
  const href = offered.value[0]?.href ?? ''
  expect((await send({ path: href })).status).toBe(401)
  const file = await send({ path: href, headers: { Cookie: cookie } })
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="__ small.onnx"; filename*=UTF-8''${encodeURIComponent('模型 small.onnx')}`)
  expect(Number(file.headers.get('content-length'))).toBe(readFileSync(sample.model).length)
  expect((await send({ path: href, headers: { Cookie: cookie } })).status).toBe(404)
})

const longJob = { kind: 'profile', params: { modelPath: sample.model, options: { runs: 100_000 }, data: { kind: 'synthetic', samples: 1 } } }

test('a window that closes takes its running job with it', async () => {
  const socket = await openEvents({ Cookie: cookie, Origin: origin() })
  await ask('job.start', longJob)
  await expect.poll(() => studio.shell.pids().job, { timeout: 20_000 }).not.toBeNull()
  socket.close(1001)
  await expect.poll(() => studio.shell.pids().job, { timeout: 20_000 }).toBeNull()
})

test('a window that loses its connection and comes back in time keeps its job and hears what it missed', async () => {
  await host.close()
  host = await startBrowserHost({ shell: studio.shell, home: studio.home, rendererFolder: renderer, port: 0, graceMs: 60_000 })
  const { pathname, search } = new URL(host.url)
  cookie = (await send({ path: pathname + search })).headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const lost = await openEvents({ Cookie: cookie, Origin: origin() })
  lost.terminate()
  await expect.poll(() => host.windowCount()).toBe(0)
  await ask('job.start', { kind: 'profile', params: { modelPath: '/absent.onnx', options: {}, data: { kind: 'synthetic' } } })
  await expect.poll(() => readFileSync(studio.home.logFile, 'utf8'), { timeout: 20_000 }).toContain('failed')
  const heard: string[] = []
  const back = new WebSocket(`ws://127.0.0.1:${String(host.port)}/api/events?client=${CLIENT}`, { headers: { Cookie: cookie, Origin: origin() } })
  sockets.push(back)
  back.on('message', (data: Buffer) => heard.push((JSON.parse(data.toString('utf8')) as { payload: { type: string } }).payload.type))
  await expect.poll(() => heard).toEqual(['queued', 'progress', 'failed'])
})

test('a port that is taken is told in plain words', async () => {
  const again = startBrowserHost({ shell: studio.shell, home: studio.home, rendererFolder: renderer, port: host.port })
  await expect(again).rejects.toMatchObject({ code: 'bad-usage', message: expect.stringContaining(String(host.port)) as string })
})
