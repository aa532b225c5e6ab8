import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readLabelFile } from './label-file'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-labels-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['absent.csv', 'not-found'],
  ['a-folder.csv', 'bad-usage'],
  ['damaged.json', 'invalid-data'],
  ['empty.csv', 'invalid-data'],
  ['labels.xyz', 'invalid-data'],
])('%s is refused in plain words', (name, code) => {
  const path = join(folder, name)
  if (name === 'a-folder.csv') mkdirSync(path)
  else if (code === 'invalid-data') writeFileSync(path, name === 'damaged.json' ? '{' : '')
  expect(() => readLabelFile(path)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(name) as string }) as Error)
})
