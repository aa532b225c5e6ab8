import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Tensor } from '#shared/onnx/records'
import { buildModel, buildNode } from '../../../tests/fixtures/build-model'
import { hashModelFile } from './model-file'
import { createModelHashes } from './model-hashes'

let folder: string
let model: string
let data: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-hashes-'))
  model = join(folder, 'm.onnx')
  data = join(folder, 'w.bin')
  const weight: Tensor = { name: 'w', dataType: 2, dims: [2], data: { kind: 'external', entries: [{ key: 'location', value: 'w.bin' }], resolved: null } }
  writeFileSync(model, joinPieces(encodeModel(buildModel({ nodes: [buildNode({ opType: 'Relu', inputs: ['x'], outputs: ['y'] })], initializers: [weight] }))))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function writeData(bytes: readonly number[], atSecond: number): void {
  writeFileSync(data, Uint8Array.from(bytes))
  utimesSync(data, atSecond, atSecond)
}

it('reads a model once, and again when one of its files was written', async () => {
  const hashes = createModelHashes()
  writeData([1, 2], 1)
  const first = await hashes.hashOf(model)
  expect(first).toBe(await hashModelFile(model))
  // Not even its time tells of this one: the bytes were not looked at.
  writeData([1, 3], 1)
  expect(await hashes.hashOf(model)).toBe(first)
  writeData([1, 3], 2)
  expect(await hashes.hashOf(model)).toBe(await hashModelFile(model))
  expect(await hashes.hashOf(model)).not.toBe(first)
})

it('sees data that comes to lie beside a model which lacked it', async () => {
  const hashes = createModelHashes()
  const without = await hashes.hashOf(model)
  writeData([1, 2], 1)
  expect(await hashes.hashOf(model)).not.toBe(without)
})

it('tells of a model that is gone, and of one that comes again', async () => {
  const hashes = createModelHashes()
  writeData([1, 2], 1)
  const first = await hashes.hashOf(model)
  rmSync(data)
  await expect(hashes.hashOf(join(folder, 'absent.onnx'))).rejects.toMatchObject({ code: 'not-found' })
  expect(await hashes.hashOf(model)).not.toBe(first)
  writeData([1, 2], 3)
  expect(await hashes.hashOf(model)).toBe(first)
})
