/** Every model we have, opened and saved: by the project's own samples always, by third-party models where they are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { memorySource } from '#shared/onnx/byte-source'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { walkTensors } from '#shared/onnx/codec/walk-tensors'
import { tensorBytes, tensorStrings } from '#shared/onnx/tensor-data'
import type { Model } from '#shared/onnx/records'
import { openModelFile, saveModelFile } from '../src/main/runtime/model-file'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'

/** Files among the third-party ones that are no ONNX models, and what must be said of them. */
const refused: Record<string, RegExp> = {
  'awkward/lfs_pointer.onnx': /Git LFS pointer/,
  'awkward/upsample.ort': /\.ort model/,
}

const folder = mkdtempSync(join(tmpdir(), 'edgefit-round-trip-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function roundTripsOf(root: string): void {
  const paths = modelFiles(root)
  test.skipIf(paths.length === 0)(`are found (skipped where there is no ${relative(join(import.meta.dirname, '..'), root)})`, () => {
    expect(paths.length).toBeGreaterThan(0)
  })

  test.each(paths.filter((path) => !(relative(root, path) in refused)).map((path) => [relative(root, path), path]))('%s', async (_, path) => {
    const original = readFileSync(path)
    const file = openModelFile(path)
    try {
      expect(file.diagnostics).toEqual([])
      const saved = await saveModelFile(file.model, join(folder, 'saved.onnx'))
      expect(readFileSync(saved.path).equals(original)).toBe(true)

      // Written record by record, and then from nothing but values: other bytes perhaps, the same model.
      for (const copy of [{ ...file.model, graph: { ...file.model.graph } }, deepCopy(file.model)]) {
        const again = decodeModel(memorySource(joinPieces(encodeModel(copy as Model))))
        expect(valuesOf(again)).toEqual(valuesOf(file.model))
      }
    } finally {
      file.close()
    }
  })
}

describe('own models come back byte for byte', () => roundTripsOf(ownModelsFolder))

describe('third-party models come back byte for byte', () => {
  roundTripsOf(sharedModelsFolder)

  test.skipIf(modelFiles(sharedModelsFolder).length === 0).each(Object.entries(refused))('%s is refused with what it is', (name, expected) => {
    try {
      openModelFile(join(sharedModelsFolder, name)).close()
      expect.fail('it was opened')
    } catch (error) {
      expect(error).toBeInstanceOf(AppError)
      expect((error as AppError).code).toBe('not-a-model')
      expect((error as AppError).message).toMatch(expected)
    }
  })
})

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object'
}

/** A span or its source: where values are, not what they are. */
function isSpan(value: Record<string, unknown>): boolean {
  return 'source' in value && 'offset' in value
}

/** Copies of all records, so that none is known by where it was read from. */
function deepCopy(value: unknown): unknown {
  if (!isRecord(value) || value instanceof Uint8Array || isSpan(value)) return value
  if (Array.isArray(value)) return value.map(deepCopy)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, deepCopy(field)]))
}

/** Everything a model says, with the values of its tensors in place of where they are. */
function valuesOf(model: Model): unknown {
  const tensors = [...walkTensors(model)].map(({ tensor }) => (tensor.data.kind === 'strings' ? tensorStrings(tensor) : Buffer.from(tensorBytes(tensor)).toString('base64')))
  return { structure: withoutData(model), tensors }
}

function withoutData(value: unknown): unknown {
  if (!isRecord(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(withoutData)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, key === 'data' ? null : withoutData(field)]))
}
