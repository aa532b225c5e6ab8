import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findBrowser, hasDisplay, windowFlags } from './browser/open-window'
import { crashError, engineEnvironment } from './engine-process'
import { findElectron } from './find-electron'
import { findNode } from './find-node'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-programs-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  Reflect.deleteProperty(process.versions, 'electron')
})

function program(...path: string[]): string {
  const file = join(folder, ...path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o755)
  return file
}

function pretendElectron(): void {
  Object.defineProperty(process.versions, 'electron', { value: '45.0.0', configurable: true })
}

test('the engine runs on the Node that runs the shell', () => {
  expect(findNode({ appRoot: folder, env: {} })).toBe(process.execPath)
})

test('inside Electron the engine runs on the shipped Node, else the one on PATH, never on Electron', () => {
  pretendElectron()
  expect(() => findNode({ appRoot: folder, env: { PATH: join(folder, 'bin') } })).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
  const onPath = program('bin', 'node')
  expect(findNode({ appRoot: folder, env: { PATH: `/absent:${join(folder, 'bin')}` } })).toBe(onPath)
  const shipped = program('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  expect(findNode({ appRoot: folder, env: { PATH: join(folder, 'bin') } })).toBe(shipped)
})

test('EDGEFIT_NODE goes first, and one that cannot run is told of', () => {
  const chosen = program('my-node')
  expect(findNode({ appRoot: folder, env: { EDGEFIT_NODE: chosen } })).toBe(chosen)
  expect(() => findNode({ appRoot: folder, env: { EDGEFIT_NODE: join(folder, 'absent') } })).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
})

test('the engine gets a clean environment: no Electron, no preloaded code, no telemetry', () => {
  const env = engineEnvironment({ PATH: '/bin', ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '--require evil', NODE_CHANNEL_FD: '3' })
  expect(env).toEqual({ PATH: '/bin', ORT_DISABLE_TELEMETRY: '1' })
})

test('Electron counts as installed only where its binary is, and looking for it downloads nothing', () => {
  expect(findElectron(folder, {})).toBeNull()
  mkdirSync(join(folder, 'node_modules', 'electron'), { recursive: true })
  expect(findElectron(folder, {})).toBeNull()
  writeFileSync(join(folder, 'node_modules', 'electron', 'path.txt'), 'electron\n')
  expect(findElectron(folder, {})).toBeNull()
  const binary = program('node_modules', 'electron', 'dist', 'electron')
  expect(findElectron(folder, {})).toBe(binary)
})

test('a browser is found on PATH or by EDGEFIT_CHROMIUM', () => {
  expect(findBrowser({ PATH: folder })).toBeNull()
  const chromium = program('chromium')
  expect(findBrowser({ PATH: folder })).toBe(chromium)
  const mine = program('elsewhere', 'my-browser')
  expect(findBrowser({ PATH: folder, EDGEFIT_CHROMIUM: mine })).toBe(mine)
})

test.runIf(process.platform === 'linux')('a display is what X11 or Wayland names', () => {
  expect([{}, { DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'wayland-0' }].map((env) => hasDisplay(env))).toEqual([false, true, true])
})

test('the browser window has a profile of its own and gives up its sandbox only for root', () => {
  const flags = windowFlags({ url: 'http://127.0.0.1:1/?token=t', profileFolder: '/home/me/profile', isRoot: false })
  expect(flags).toEqual(expect.arrayContaining(['--app=http://127.0.0.1:1/?token=t', '--user-data-dir=/home/me/profile']))
  expect(flags).not.toContain('--no-sandbox')
  expect(windowFlags({ url: 'x', profileFolder: 'y', isRoot: true })).toContain('--no-sandbox')
})

test.each([
  [{ code: null, signal: 'SIGKILL' as const, stderrTail: '' }, /killed it \(SIGKILL\)/, /memory/],
  [{ code: null, signal: 'SIGSEGV' as const, stderrTail: '' }, /SIGSEGV/, /report/],
  [{ code: 134, signal: null, stderrTail: 'FATAL ERROR: JavaScript heap out of memory' }, /memory was full/, /memory/],
  [{ code: 7, signal: null, stderrTail: '' }, /code 7/, /report/],
  [{ code: null, signal: null, stderrTail: 'spawn /absent ENOENT' }, /could not be started: spawn \/absent/, /report/],
])('an engine that ended as %j is put into words', (exit, message, hint) => {
  const error = crashError({ stopped: false, ...exit }, "was at 'int8'")
  expect(error).toMatchObject({ code: 'engine-crashed', message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string })
})
