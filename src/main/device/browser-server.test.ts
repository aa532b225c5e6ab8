import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findAppRoot } from '../host/app-root'
import { browserName } from './browser-name'
import { type BrowserServer, startBrowserServer } from './browser-server'

let server: BrowserServer
let folder: string
let events: unknown[]
let outputs: Uint8Array[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-page-'))
  writeFileSync(join(folder, 'model.onnx'), 'model')
  writeFileSync(join(folder, 'weights "1".bin'), 'weights')
  events = []
  outputs = []
  server = await startBrowserServer({
    address: '127.0.0.1',
    pageFolder: join(findAppRoot(import.meta.dirname), 'resources/device/browser'),
    runtimeFolder: dirname(createRequire(import.meta.url).resolve('onnxruntime-web')),
    task: { provider: 'wasm', warmup: 1, runs: 2, threads: 1, seconds: 0, patienceMs: 0 },
    modelPath: join(folder, 'model.onnx'),
    externalData: [{ name: 'sub/weights "1".bin', path: join(folder, 'weights "1".bin') }],
    inputs: new Uint8Array([1, 2, 3]),
    onEvent: (event) => events.push(event),
    onOutputs: (bytes) => outputs.push(bytes),
    onOpen: () => events.push('opened'),
    onBytes: () => undefined,
  })
})

afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${String(server.port)}${path}`, init)
const own = (name: string, init?: RequestInit) => get(`${server.path}${name}`, init)

test('the page is given out once, isolated, so that it may use threads', async () => {
  const page = await own('')
  expect(page.status).toBe(200)
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await page.text()).toContain('Edgefit')
  expect((await own('')).status).toBe(410)
  expect(events).toEqual(['opened'])
})

test('nothing is given without the token', async () => {
  const wrong = `/${'A'.repeat(server.path.length - 2)}/`
  for (const path of ['/', '/model', '/task', `${wrong}model`, wrong, `${server.path.slice(0, -1)}x/model`, '//', '/%']) expect((await get(path)).status, path).toBe(404)
  expect((await get(`${wrong}event`, { method: 'POST', body: '{}' })).status).toBe(404)
  expect(events).toEqual([])
})

test('model, data, inputs and runtime come whole; what is not of this run does not', async () => {
  expect(await (await own('model')).text()).toBe('model')
  const task = (await (await own('task')).json()) as { externalData: { path: string; url: string }[] }
  expect(task.externalData).toEqual([{ path: 'sub/weights "1".bin', url: 'data/0' }])
  expect(await (await own('data/0')).text()).toBe('weights')
  expect(new Uint8Array(await (await own('inputs')).arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
  const runtime = await own('ort/ort.wasm.min.mjs')
  expect(runtime.headers.get('content-type')).toContain('javascript')
  await runtime.arrayBuffer()
  for (const name of ['data/1', 'data/x', 'ort/../../package.json', 'ort/package.json', 'ort/%2e%2e%2fpackage.json', 'index.html', 'runner.c', 'absent']) expect((await own(name)).status, name).toBe(404)
})

test('events and outputs are taken; too much is not', async () => {
  await own('event', { method: 'POST', body: '{"event":"alive"}' })
  await own('event', { method: 'POST', body: 'no json' })
  expect(events).toEqual([{ event: 'alive' }, null])
  await own('outputs', { method: 'POST', body: new Uint8Array([9]) })
  expect(outputs.map((bytes) => [...bytes])).toEqual([[9]])
  expect((await own('event', { method: 'POST', body: 'x'.repeat(9 * 1024 * 1024) })).status).toBe(413)
  expect((await own('event', { method: 'DELETE' })).status).toBe(405)
})

test.each([
  ['Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36', 'Chrome 131', 'Android 14; Pixel 8'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1', 'Safari 18', 'iPhone'],
  ['Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0', 'Firefox 132', 'Android 14; Mobile'],
  ['something else', 'unknown browser', null],
])('%s', (userAgent, browser, device) => expect(browserName(userAgent)).toEqual({ browser, device }))
