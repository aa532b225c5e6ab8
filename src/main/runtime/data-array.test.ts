import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openNpyFile, type Reading } from './data-array'
import { npyBytes, type NpySpec } from './testing/write-npz'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-array-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(spec: NpySpec): string {
  const path = join(folder, 'array.npy')
  writeFileSync(path, npyBytes(spec))
  return path
}

async function firstPiece(path: string, count: number, reading: Reading = {}) {
  const array = await openNpyFile(path)
  for await (const piece of array.read(count, 1, reading)) return piece
  return null
}

it.each([
  ['more numbers than there is memory', '<f4', [1e6, 1e6], 1e12],
  ['a string longer than there is memory', '<U999999999999', [1], 1],
])('a header that claims %s is refused in plain words', async (_, descriptor, dims, count) => {
  const path = write({ descriptor, dims, data: new Uint8Array(16) })
  for (const reuseMemory of [false, true]) {
    await expect(firstPiece(path, count, { reuseMemory })).rejects.toMatchObject({ code: 'out-of-memory', message: expect.stringContaining('array.npy') as string })
  }
})

it('what is no code point in a string is shown as such', async () => {
  const words = Buffer.alloc(12)
  words.writeUInt32LE(0x61, 0)
  words.writeUInt32LE(0xffffffff, 4)
  expect((await firstPiece(write({ descriptor: '<U3', dims: [1], data: words }), 1))?.strings).toEqual(['a\ufffd'])
})
