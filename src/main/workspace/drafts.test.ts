import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countEdits, fileFingerprint, openDrafts } from './drafts'

const ID = '00000000-0000-4000-8000-000000000001'
const OTHER = '00000000-0000-4000-8000-000000000002'
const MODEL = '/models/m.onnx'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-drafts-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function begun(id = ID) {
  const drafts = openDrafts(folder)
  drafts.begin(id, { modelPath: MODEL, fingerprint: 'f', base: null, ids: null })
  drafts.append(id, { kind: 'edit', label: 'First', commands: [{ kind: 'setMetadata', key: 'a', value: '1' }] })
  drafts.append(id, { kind: 'edit', label: 'Second', commands: [{ kind: 'setMetadata', key: 'b', value: '2' }] })
  drafts.append(id, { kind: 'goTo', edits: 1 })
  return drafts
}

test('a draft is found by its model, with the edits in effect', () => {
  const draft = begun().find(MODEL, () => false)
  expect(draft).toMatchObject({ documentId: ID, header: { modelPath: MODEL, pid: process.pid } })
  expect(draft?.steps.map(({ kind }) => kind)).toEqual(['edit', 'edit', 'goTo'])
  expect(draft && countEdits(draft)).toBe(1)
  expect(openDrafts(folder).find('/models/other.onnx', () => false)).toBeNull()
})

test('a draft whose document is open, or that another running process writes, is not offered', () => {
  const drafts = begun()
  expect(drafts.find(MODEL, (id) => id === ID)).toBeNull()
  const path = join(folder, ID, 'journal.jsonl')
  writeFileSync(path, `${JSON.stringify({ version: 1, modelPath: MODEL, fingerprint: 'f', base: null, ids: null, pid: process.ppid, createdAt: '' })}\n{"kind":"edit","label":"","commands":[]}\n`)
  expect(drafts.find(MODEL, () => false)).toBeNull()
  // The number is used again, but by a process that came after the system was started anew.
  utimesSync(path, 1, 1)
  expect(drafts.find(MODEL, () => false)).toMatchObject({ documentId: ID })
})

test('a draft undone to its beginning has nothing to offer', () => {
  const drafts = begun()
  drafts.append(ID, { kind: 'goTo', edits: 0 })
  expect(drafts.find(MODEL, () => false)).toBeNull()
})

test('the line that was being written at the crash is left out; a damaged line sets the draft aside', () => {
  const drafts = begun()
  const path = join(folder, ID, 'journal.jsonl')
  appendFileSync(path, '{"kind":"edit","la')
  expect(drafts.of(ID)?.steps).toHaveLength(3)
  appendFileSync(path, '\n')
  expect(drafts.of(ID)).toBeNull()
  expect(readdirSync(folder)).toEqual([expect.stringContaining(`${ID}.aside-`)])
})

test('a draft taken over is the other document’s from then on', () => {
  const drafts = begun()
  const draft = drafts.of(ID)
  if (!draft) throw new Error('no draft')
  drafts.takeOver(draft, OTHER)
  drafts.append(OTHER, { kind: 'goTo', edits: 2 })
  expect(drafts.of(ID)).toBeNull()
  expect(drafts.of(OTHER)?.steps).toHaveLength(4)
  drafts.remove(OTHER)
  expect(readdirSync(folder)).toEqual([])
})

test('copies and snapshots go after a week', () => {
  const paths = ['snapshots/old.onnx', 'arrays/old.npy', 'copied/old.onnx', 'snapshots/new.onnx'].map((name) => join(folder, name))
  for (const name of ['snapshots', 'arrays', 'copied']) mkdirSync(join(folder, name))
  for (const path of paths) writeFileSync(path, '')
  for (const path of paths.slice(0, 3)) utimesSync(path, 1, 1)
  openDrafts(folder)
  expect(paths.map((path) => existsSync(path))).toEqual([false, false, false, true])
})

test.each([3_000_000, 20_000_000])('a fingerprint of %i bytes tells contents apart, from the first byte to the last', (size) => {
  const path = join(folder, 'file')
  const bytes = new Uint8Array(size)
  const print = () => {
    writeFileSync(path, bytes)
    utimesSync(path, 1, 1)
    return fileFingerprint(path)
  }
  const first = print()
  expect(print()).toBe(first)
  bytes[0] = 1
  const second = print()
  bytes[bytes.length - 1] = 1
  expect(new Set([first, second, print()]).size).toBe(3)
})

test('a file that is not there has no fingerprint', () => {
  expect(() => fileFingerprint(join(folder, 'absent'))).toThrow('There is no')
})
