/** The desktop host against a faked 'electron' module: what it asks of Electron, and whom it answers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IpcMain, Session, WebContents, WebFrameMain } from 'electron'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Answer } from '#shared/ipc/contract'
import { EVENT_CHANNEL, REQUEST_CHANNEL } from '#shared/ipc/preload-api'
import { sample } from '../testing/sample'
import { createTestShell, type TestShell } from '../testing/test-shell'
import { registerAppScheme, serveAppScheme } from './app-scheme'
import { menuTemplate } from './menu-template'
import { nativeDialogs } from './native-dialogs'
import { pathArguments } from './path-arguments'
import { serveEvents, serveRequests } from './serve-window'
import { isTrustedSender, lockDown, refusePermissions, webPreferences } from './window-security'

const electron = vi.hoisted(() => ({ schemes: [] as unknown[], dialog: { canceled: false, filePaths: ['/a.onnx'], filePath: '/b.onnx' }, asked: [] as unknown[] }))

vi.mock('electron', () => ({
  protocol: { registerSchemesAsPrivileged: (schemes: unknown[]) => electron.schemes.push(...schemes) },
  BrowserWindow: { getFocusedWindow: () => null, getAllWindows: () => [] },
  dialog: {
    showOpenDialog: (options: unknown) => {
      electron.asked.push(options)
      return Promise.resolve(electron.dialog)
    },
    showSaveDialog: (options: unknown) => {
      electron.asked.push(options)
      return Promise.resolve(electron.dialog)
    },
  },
}))

let studio: TestShell
let folder: string

beforeEach(() => {
  studio = createTestShell()
  folder = mkdtempSync(join(tmpdir(), 'edgefit-electron-'))
  electron.dialog.canceled = false
})

afterEach(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const ownFrame = { parent: null, url: 'app://edgefit/index.html' } as WebFrameMain

/** Listeners by name, as Electron's emitters keep them. */
function fakeContents() {
  const listeners = new Map<string, (...args: never[]) => void>()
  const sent: unknown[][] = []
  let openHandler = (_details: { url: string }): unknown => 'unset'
  const add = (name: string, listener: (...args: never[]) => void) => listeners.set(name, listener)
  const contents = { id: 7, on: add, once: add, isDestroyed: () => false, send: (...args: unknown[]) => sent.push(args), setWindowOpenHandler: (handler: typeof openHandler) => (openHandler = handler) }
  return { contents: contents as unknown as WebContents, sent, listeners, emit: (name: string, ...args: unknown[]) => listeners.get(name)?.(...(args as never[])), open: (url: string) => openHandler({ url }) }
}

function fakeIpc() {
  let handle = (_event: unknown, _message: unknown): Promise<Answer> => Promise.reject(new Error('no handler'))
  const channels: string[] = []
  const ipc = {
    handle: (channel: string, handler: typeof handle) => {
      channels.push(channel)
      handle = handler
    },
  }
  return { ipc: ipc as unknown as IpcMain, channels, send: (senderFrame: WebFrameMain | null, message: unknown) => handle({ senderFrame, sender: { id: 7 } }, message) }
}

test('the window is sandboxed, isolated and without Node', () => {
  expect(webPreferences('/preload.cjs')).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, webSecurity: true, webviewTag: false, preload: '/preload.cjs' })
})

test('navigation, redirects, webviews and new windows are refused', () => {
  const { contents, emit, open } = fakeContents()
  lockDown(contents)
  for (const name of ['will-navigate', 'will-redirect', 'will-attach-webview']) {
    const preventDefault = vi.fn()
    emit(name, { preventDefault })
    expect(preventDefault, name).toHaveBeenCalledOnce()
  }
  expect(open('https://example.org')).toEqual({ action: 'deny' })
})

test('every permission but the microphone is refused, and no request leaves for the network', () => {
  const set = new Map<string, (...args: unknown[]) => unknown>()
  const keep = (name: string) => (handler: (...args: unknown[]) => unknown) => void set.set(name, handler)
  const session = { setPermissionRequestHandler: keep('request'), setPermissionCheckHandler: keep('check'), setDevicePermissionHandler: keep('device'), webRequest: { onBeforeRequest: keep('web') } }
  refusePermissions(session as unknown as Session)
  const asked = (permission: string, details: object) => {
    const answer = vi.fn()
    set.get('request')?.(null, permission, answer, details)
    return (answer.mock.calls[0] as [boolean])[0]
  }
  expect(asked('media', { mediaTypes: ['audio'] })).toBe(true)
  expect([asked('media', { mediaTypes: ['video'] }), asked('media', { mediaTypes: ['audio', 'video'] }), asked('geolocation', {})]).toEqual([false, false, false])
  const checked = (permission: string, mediaType: string) => set.get('check')?.(null, permission, 'app://edgefit', { mediaType })
  expect([checked('media', 'audio'), checked('media', 'video'), checked('notifications', 'audio')]).toEqual([true, false, false])
  expect(set.get('device')?.()).toBe(false)
  const cancelled = (url: string) => {
    const decide = vi.fn()
    set.get('web')?.({ url }, decide)
    return (decide.mock.calls[0]?.[0] as { cancel: boolean }).cancel
  }
  expect(['https://example.org/', 'http://127.0.0.1/', 'ws://example.org', 'file:///etc/passwd'].map(cancelled)).toEqual([true, true, true, true])
  expect(['app://edgefit/', 'blob:app://edgefit/1', 'data:text/plain,x'].map(cancelled)).toEqual([false, false, false])
})

test('only our own page in the main frame is answered', async () => {
  const { ipc, channels, send } = fakeIpc()
  serveRequests(ipc, studio.shell)
  expect(channels).toEqual([REQUEST_CHANNEL])
  const strangers = [null, { parent: null, url: 'https://example.org/' }, { parent: null, url: 'app://other/' }, { parent: null, url: 'file:///app/index.html' }, { parent: ownFrame, url: ownFrame.url }]
  for (const frame of strangers) {
    expect(isTrustedSender(frame as WebFrameMain | null)).toBe(false)
    expect(await send(frame as WebFrameMain | null, { name: 'app.info', params: {} })).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
  }
  expect(await send(ownFrame, { name: 'app.info', params: {} })).toMatchObject({ ok: true })
  for (const message of [null, 'app.info', {}, { name: 7 }, { name: 'no.such', params: {} }]) expect(await send(ownFrame, message)).toMatchObject({ ok: false, error: { code: 'bad-usage' } })
})

test('a window gets its events, and its documents close when it is reloaded or closed', async () => {
  const { contents, sent, emit } = fakeContents()
  serveEvents(contents, studio.shell)
  studio.shell.openFiles(['/m.onnx'])
  expect(sent).toEqual([[EVENT_CHANNEL, { name: 'openFiles', payload: { paths: ['/m.onnx'] } }]])
  const open = async () => ((await studio.shell.request('window-7', 'model.open', { path: sample.model })) as { value: { documentId: string; mainGraphId: number } }).value
  for (const [name, ...args] of [['did-start-navigation', { isMainFrame: true, isSameDocument: false }], ['render-process-gone'], ['destroyed']] as const) {
    const { documentId, mainGraphId } = await open()
    emit(name, ...args)
    await expect.poll(() => studio.shell.request('window-7', 'model.graph', { documentId, graphId: mainGraphId })).toMatchObject({ ok: false, error: { code: 'not-found' } })
  }
  sent.length = 0
  studio.shell.openFiles(['/m.onnx'])
  expect(sent).toEqual([])
})

test('pages come from a secure scheme of our own, with the same headers as in a browser', async () => {
  registerAppScheme()
  expect(electron.schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])
  let serve = (_request: { url: string; method: string }): Promise<Response> => Promise.reject(new Error('not served'))
  const session = { protocol: { handle: (_scheme: string, handler: typeof serve) => (serve = handler) } }
  mkdirSync(join(folder, 'renderer'))
  writeFileSync(join(folder, 'renderer', 'index.html'), '<title>Edgefit</title>')
  writeFileSync(join(folder, 'secret'), 'secret')
  serveAppScheme(session as unknown as Session, join(folder, 'renderer'))
  const page = await serve({ url: 'app://edgefit/', method: 'GET' })
  expect(await page.text()).toContain('Edgefit')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  for (const url of ['app://other/', 'app://edgefit/%2e%2e%2fsecret', 'app://edgefit/../secret', 'app://edgefit/absent.js']) expect((await serve({ url, method: 'GET' })).status, url).toBe(404)
  expect((await serve({ url: 'app://edgefit/', method: 'POST' })).status).toBe(404)
})

test('dialogs give paths, or null where the person cancels', async () => {
  expect(await nativeDialogs.open('model')).toEqual(['/a.onnx'])
  expect(await nativeDialogs.open('data-folder')).toEqual(['/a.onnx'])
  expect(electron.asked.at(-1)).toMatchObject({ properties: ['openDirectory'] })
  expect(await nativeDialogs.save('small.onnx')).toBe('/b.onnx')
  expect(electron.asked.at(-1)).toMatchObject({ defaultPath: 'small.onnx' })
  electron.dialog.canceled = true
  expect(await nativeDialogs.open('data')).toBeNull()
  expect(await nativeDialogs.save('small.onnx')).toBeNull()
})

test('files are told from flags and the script among the arguments', () => {
  expect(pathArguments(['--no-sandbox', '/app/out/main/electron.js', 'model.onnx', '/abs/other.onnx'], '/work-folder')).toEqual(['/work-folder/model.onnx', '/abs/other.onnx'])
  expect(pathArguments(['.'], '/x')).toEqual([])
})

test('the menu has what the system expects, with the application first on macOS', () => {
  expect(menuTemplate('linux', 'Edgefit').map(({ role }) => role)).toEqual(['editMenu', 'viewMenu', 'windowMenu'])
  expect(menuTemplate('darwin', 'Edgefit')[0]).toMatchObject({ label: 'Edgefit' })
})
