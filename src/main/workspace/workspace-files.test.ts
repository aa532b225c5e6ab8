import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHome } from './home'
import { removeOldImports } from './imports'
import { writeJsonFile } from './json-file'
import { openRecentFiles } from './recent-files'
import { openSettings } from './settings'

let folder: string
let damages: string[]
const onDamage = (reason: string) => void damages.push(reason)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-workspace-'))
  damages = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('settings start from defaults, keep what was changed and leave the rest', () => {
  const path = join(folder, 'settings.json')
  expect(openSettings(path, onDamage).get()).toEqual({ theme: 'system', language: 'system', layout: {}, adb: { path: null, port: null } })
  openSettings(path, onDamage).update({ theme: 'dark', layout: { left: 240 } })
  openSettings(path, onDamage).update({ language: 'zh', theme: undefined })
  expect(openSettings(path, onDamage).get()).toEqual({ theme: 'dark', language: 'zh', layout: { left: 240 }, adb: { path: null, port: null } })
})

test.each([['no JSON', '{ "theme": '], ['wrong values', '{ "theme": "pink" }'], ['an empty file', '']])('settings damaged by %s become defaults, and the file is kept aside', (_, content) => {
  const path = join(folder, 'settings.json')
  writeFileSync(path, content)
  expect(openSettings(path, onDamage).get().theme).toBe('system')
  expect(readFileSync(`${path}.bad`, 'utf8')).toBe(content)
  expect(damages).toHaveLength(1)
  openSettings(path, onDamage).update({ theme: 'light' })
  expect(openSettings(path, onDamage).get().theme).toBe('light')
})

test('a write that fails leaves the old file whole and nothing beside it', () => {
  const path = join(folder, 'settings.json')
  writeJsonFile(path, { theme: 'dark' })
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  expect(() => writeJsonFile(path, circular)).toThrow()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ theme: 'dark' })
  expect(readdirSync(folder)).toEqual(['settings.json'])
  expect(() => writeJsonFile(join(path, 'below', 'a-file.json'), {})).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
})

test('recent files are listed latest first, each once, twenty at most, and say whether they still exist', () => {
  const recent = openRecentFiles(join(folder, 'recent.json'), onDamage)
  const present = join(folder, 'present.onnx')
  writeFileSync(present, '')
  for (let n = 0; n < 30; n++) recent.add(join(folder, `absent-${String(n)}.onnx`))
  recent.add(present)
  recent.add(join(folder, 'absent-29.onnx'))
  const list = recent.list()
  expect(list.slice(0, 3).map(({ name, exists }) => [name, exists])).toEqual([['absent-29.onnx', false], ['present.onnx', true], ['absent-28.onnx', false]])
  expect(list).toHaveLength(20)
})

test('uploads older than a day go, unless they are among the recent files', () => {
  const old = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000)
  for (const batch of ['old', 'old-but-recent-file', 'new']) {
    mkdirSync(join(folder, batch))
    writeFileSync(join(folder, batch, 'model.onnx'), '')
    if (batch !== 'new') utimesSync(join(folder, batch), old, old)
  }
  removeOldImports(folder, [join(folder, 'old-but-recent-file', 'model.onnx')])
  expect(readdirSync(folder).toSorted()).toEqual(['new', 'old-but-recent-file'])
  removeOldImports(join(folder, 'absent'), [])
  expect(existsSync(join(folder, 'absent'))).toBe(false)
})

test('a home that is a file, or lies within one, is refused in plain words', () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  for (const home of [path, join(path, 'home')]) expect(() => openHome(home), home).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
  expect(openHome(join(folder, 'new', 'home')).folder).toBe(join(folder, 'new', 'home'))
})
