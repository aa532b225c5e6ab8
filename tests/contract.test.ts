/** The contract is the only list of names: every door leads to exactly those, and looks at what comes through. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { eventNames, events, type RequestName, requestNames, requests } from '#shared/ipc/contract'
import { EVENT_CHANNEL, type PreloadApi, REQUEST_CHANNEL } from '#shared/ipc/preload-api'
import { createDocuments } from '../src/main/engine/documents'
import { isEngineRequest } from '../src/main/engine/protocol'
import { sample } from '../src/main/host/testing/sample'
import { createTestShell, type TestShell } from '../src/main/host/testing/test-shell'

interface FakeElectron {
  exposed: Map<string, unknown>
  invoked: unknown[][]
  /** What the main process answers. */
  answer: unknown
  listeners: Map<string, (event: unknown, message: unknown) => void>
}

const electron = vi.hoisted((): FakeElectron => ({
  exposed: new Map(),
  invoked: [],
  answer: { ok: true, value: 'answer' },
  listeners: new Map(),
}))

vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (name: string, api: unknown) => electron.exposed.set(name, api) },
  ipcRenderer: {
    invoke: (...args: unknown[]) => {
      electron.invoked.push(args)
      return Promise.resolve(electron.answer)
    },
    on: (channel: string, listener: (event: unknown, message: unknown) => void) => electron.listeners.set(channel, listener),
    off: (channel: string) => electron.listeners.delete(channel),
  },
  webUtils: { getPathForFile: (file: { name: string }) => `/dropped/${file.name}` },
}))

let studio: TestShell
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-contract-'))
  studio = createTestShell()
  // No adb: a test that looks for phones must not leave a server behind.
  await studio.client('window').request('settings.update', { adb: { path: join(folder, 'no-adb'), port: 1 } })
})

beforeEach(() => {
  electron.invoked.length = 0
  electron.answer = { ok: true, value: 'answer' }
})

afterAll(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

/** Parameters that parse, for every request; the ids and paths in them name nothing. */
const harmless: { [N in RequestName]: unknown } = {
  'app.info': {},
  'settings.get': {},
  'settings.update': {},
  'recent.list': {},
  'samples.list': {},
  'dialog.open': { purpose: 'model' },
  'dialog.save': { suggestedName: 'model.onnx' },
  'model.open': { path: '/absent.onnx' },
  'model.figures': { path: '/absent.onnx' },
  'model.close': { documentId: 'absent' },
  'model.graph': { documentId: 'absent', graphId: 1 },
  'model.tensor': { documentId: 'absent', graphId: 1, name: 'w' },
  'model.tensorMap': { documentId: 'absent', graphId: 1, name: 'w', axis: 0, at: [] },
  'model.channelRanges': { documentId: 'absent', graphId: 1, name: 'w', axis: 0 },
  'model.exportTensor': { documentId: 'absent', graphId: 1, name: 'w', path: null },
  'model.usability': { documentId: 'absent' },
  'model.text': { documentId: 'absent', graphId: 1 },
  'model.memory': { documentId: 'd' },
  'model.diff': { a: 'absent', b: 'absent' },
  'model.fromText': { text: 'g () => () {}', basePath: '/absent.onnx', path: '/absent/model.onnx' },
  'model.save': { documentId: 'absent', path: '/absent/model.onnx' },
  'document.edit': { documentId: 'absent', commands: [{ kind: 'renameNode', node: 1, name: 'conv' }] },
  'document.applyText': { documentId: 'absent', graphId: 1, text: 'g () => () {}' },
  'document.undo': { documentId: 'absent' },
  'document.redo': { documentId: 'absent' },
  'document.goTo': { documentId: 'absent', revision: 0 },
  'document.history': { documentId: 'absent' },
  'document.copy': { documentId: 'absent', nodes: [1] },
  'document.extract': { documentId: 'absent', outputs: ['y'], path: '/absent/part.onnx' },
  'document.snapshot': { documentId: 'absent' },
  'document.restoreDraft': { documentId: 'absent' },
  'document.discardDraft': { documentId: 'absent' },
  'edit.schema': {},
  'prune.candidates': { documentId: 'absent', pass: 'sparsify-weights', options: {} },
  'prune.preview': { documentId: 'absent', options: {} },
  'passes.list': {},
  'recipes.list': {},
  'recipes.check': { recipe: [{ pass: 'fold-constants' }] },
  'recipes.schema': {},
  'variants.list': { modelPath: sample.model },
  'variants.table': { modelPaths: ['/absent.onnx'] },
  'variants.remove': { modelPath: sample.model, variantId: 'absent' },
  'variants.export': { modelPath: sample.model, variantId: 'absent', path: '/absent/model.onnx' },
  'profiles.latest': { modelPath: sample.model },
  'evaluation.describe': { modelPath: '/absent.onnx', dataPath: '/absent' },
  'evaluation.thumbnails': { dataPath: '/absent', names: ['0'] },
  'evaluation.list': { modelPath: sample.model },
  'evaluation.card': { modelPath: sample.model },
  'evaluation.keepCard': { modelPath: '/absent.onnx', card: { kind: 'tensor' } },
  'devices.list': {},
  'devices.facts': { serial: 'absent' },
  'devices.doctor': { serial: 'absent' },
  'devices.plan': { serial: 'absent' },
  'devices.connect': { address: '127.0.0.1:1' },
  'devices.pair': { address: '127.0.0.1:1', code: '123456' },
  'devices.qrPairing': {},
  'devices.awaitQrPairing': { service: 'edgefit-absent', password: 'absent' },
  'devices.runs': {},
  'devices.forgetRun': { id: 'absent' },
  'try.describe': { modelPath: '/absent.onnx' },
  'try.run': { modelPath: '/absent.onnx', paths: ['/absent.onnx'], input: { kind: 'synthetic' } },
  'try.portable': { modelPath: '/absent.onnx', path: '/absent.onnx', input: { kind: 'synthetic' } },
  'try.read': { modelPath: '/absent.onnx', input: { kind: 'synthetic' }, outputs: [] },
  'try.close': {},
  'job.start': { kind: 'profile', params: { modelPath: '/absent.onnx', options: {}, data: { kind: 'synthetic' } } },
  'job.cancel': { jobId: 'absent' },
}

test.each(requestNames)('%s is answered by the process the contract names', async (name) => {
  expect(requests[name].on === 'engine').toBe(isEngineRequest(name))
  const answer = await studio.shell.request('window', name, harmless[name])
  // Whatever the answer is, somebody gave it: a request nobody serves would end as `internal`.
  if (!answer.ok) expect(['not-found', 'bad-usage'], answer.error.message).toContain(answer.error.code)
  else expect(requests[name].result.safeParse(answer.value).error).toBeUndefined()
})

test.each(requestNames.filter(isEngineRequest))('%s has its handler in the engine, which parses for itself as well', async (name) => {
  const documents = createDocuments()
  const wrong = documents.request(name, 'no object')
  await expect(wrong).rejects.toThrow()
  await documents.request(name, harmless[name]).catch((error: unknown) => expect(error).toMatchObject({ name: 'AppError', code: 'not-found' }))
})

test.each(requestNames)('%s refuses parameters that are not the contract’s', async (name) => {
  for (const params of ['text', 7, null, undefined, []]) {
    expect(await studio.shell.request('window', name, params), `${name} with ${JSON.stringify(params)}`).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  }
  const fields = Object.keys(harmless[name] as object)
  const [field] = fields
  if (field === undefined) return
  const wrong = { ...(harmless[name] as object), [field]: { no: 'such value' } }
  expect(await studio.shell.request('window', name, wrong)).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
})

test('a change of one setting leaves the others as they were', async () => {
  const client = studio.client('window')
  const { adb } = await client.request('settings.update', { theme: 'dark' })
  expect(await client.request('settings.update', { layout: { left: 1 } })).toEqual({ theme: 'dark', language: 'system', layout: { left: 1 }, adb })
})

test.each(['', 'model', 'model.open ', 'constructor', '__proto__', 'toString', 'model.delete'])('the shell refuses the name %j', async (name) => {
  expect(await studio.shell.request('window', name, {})).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
})

test('the preload exposes one object, of a request, an event and a path function and nothing more', async () => {
  await import('../src/preload/preload')
  expect([...electron.exposed.keys()]).toEqual(['edgefit'])
  expect(Object.keys(electron.exposed.get('edgefit') as object).toSorted()).toEqual(['on', 'pathForFile', 'request'])
})

test('the preload lets through exactly the contract’s requests, on one channel', async () => {
  const api = electron.exposed.get('edgefit') as PreloadApi
  for (const name of requestNames) await api.request(name, { some: 'params' })
  expect(electron.invoked).toEqual(requestNames.map((name) => [REQUEST_CHANNEL, { name, params: { some: 'params' } }]))
  for (const name of ['', 'edgefit:request', 'model.delete', 'constructor', '__proto__', 'shell.openExternal']) await expect(api.request(name, {})).rejects.toThrow('no request')
  expect(electron.invoked).toHaveLength(requestNames.length)
})

test('the preload looks at the answer before the page gets it', async () => {
  const api = electron.exposed.get('edgefit') as PreloadApi
  electron.answer = { ok: false, error: { code: 'not-found', message: 'gone', hint: 'open it again' } }
  expect(await api.request('app.info', {})).toEqual(electron.answer)
  electron.answer = 'nonsense'
  await expect(api.request('app.info', {})).rejects.toThrow()
})

test('the preload passes on exactly the contract’s events, until told to stop', () => {
  const api = electron.exposed.get('edgefit') as PreloadApi
  const heard: unknown[] = []
  const stop = api.on('variants', (payload) => heard.push(payload))
  electron.listeners.get(EVENT_CHANNEL)?.({}, { name: 'variants', payload: { modelPath: '/m.onnx' } })
  electron.listeners.get(EVENT_CHANNEL)?.({}, { name: 'engine', payload: {} })
  expect(heard).toEqual([{ modelPath: '/m.onnx' }])
  stop()
  expect(electron.listeners.has(EVENT_CHANNEL)).toBe(false)
  expect(() => api.on('no-such-event' as never, () => undefined)).toThrow('no event')
  expect(eventNames).toEqual(Object.keys(events))
})

test('dropped files become paths in the preload, without a detour', () => {
  const api = electron.exposed.get('edgefit') as PreloadApi
  expect(api.pathForFile({ name: 'model.onnx' } as File)).toBe('/dropped/model.onnx')
})
