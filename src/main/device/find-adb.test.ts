import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adbServerPort, findAdb } from './find-adb'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'edgefit-adb-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function program(...parts: string[]): string {
  const path = join(folder, ...parts)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

test('adb is taken from the settings, then ANDROID_HOME, then PATH', () => {
  const chosen = program('mine', 'adb')
  const sdk = program('sdk', 'platform-tools', 'adb')
  const onPath = program('bin', 'adb')
  const env = { ANDROID_HOME: join(folder, 'sdk'), PATH: ['/absent', join(folder, 'bin')].join(delimiter) }
  expect(findAdb(chosen, env)).toBe(chosen)
  expect(findAdb(null, env)).toBe(sdk)
  expect(findAdb(null, { PATH: env.PATH, ANDROID_HOME: '' })).toBe(onPath)
})

test('a missing adb is an error that says what to install', () => {
  expect(() => findAdb(join(folder, 'absent'), {})).toThrow(expect.objectContaining({ code: 'not-found' }))
  expect(() => findAdb(null, { PATH: folder })).toThrow(expect.objectContaining({ code: 'not-found', hint: expect.stringContaining('platform-tools') as string }))
})

test('the port comes from the settings, then ANDROID_ADB_SERVER_PORT, then adb’s own', () => {
  expect(adbServerPort(5999, { ANDROID_ADB_SERVER_PORT: '6000' })).toBe(5999)
  expect(adbServerPort(null, { ANDROID_ADB_SERVER_PORT: '6000' })).toBe(6000)
  expect(adbServerPort(null, { ANDROID_ADB_SERVER_PORT: 'none' })).toBe(5037)
})
