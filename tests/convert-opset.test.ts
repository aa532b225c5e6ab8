/** Real models raised to the newest opset there are rules for compute the same, or the refusal says why. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { ModelDocument } from '#shared/onnx/document'
import { applyEdits } from '#shared/onnx/edit/apply-edit'
import { noFiles } from '#shared/onnx/edit/edit-context'
import { NEWEST_RULED_OPSET } from '#shared/onnx/edit/upgrade-opset'
import { openCalibrationData } from '../src/main/runtime/calibration-data'
import { openModelFile } from '../src/main/runtime/model-file'
import type { Feeds, TensorValue } from '../src/main/runtime/model-runner'
import { createOrtRunner } from '../src/main/runtime/ort-runner'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'

const MAX_BYTES = 3_000_000
const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-opset-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

const paths = [ownModelsFolder, sharedModelsFolder].flatMap(modelFiles).filter((path) => path.endsWith('.onnx') && statSync(path).size < MAX_BYTES && !path.endsWith('lfs_pointer.onnx'))
const outcomes = { same: 0, refused: 0, notRunnable: 0 }

async function run(document: ModelDocument, feeds: Feeds): Promise<Map<string, TensorValue>> {
  const running = await createOrtRunner({ scratchFolder }).load(document, { optimization: 'none', threads: 1 })
  try {
    return await running.run(feeds)
  } finally {
    await running.close()
  }
}

describe(`opset ${NEWEST_RULED_OPSET}`, () => {
  test.each(paths.map((path) => [relative(join(import.meta.dirname, '../..'), path), path] as const))('%s', async (_, path) => {
    const file = openModelFile(path)
    try {
      const document = new ModelDocument(file.model)
      const feeds = await firstSample(document)
      const before = feeds && (await run(document, feeds).catch((error: unknown) => onlyRejected(error)))
      try {
        await document.transact('convert', async (edit) => void (await applyEdits(edit, [{ kind: 'convertOpset', version: NEWEST_RULED_OPSET }], { files: noFiles })))
      } catch (error) {
        expect(error).toMatchObject({ code: 'not-supported', message: expect.stringMatching(/./) as string })
        outcomes.refused++
        return
      }
      if (!feeds || !before) {
        outcomes.notRunnable++
        return
      }
      const after = await run(document, feeds)
      for (const [name, value] of before) expect(after.get(name), name).toMatchObject({ dims: value.dims, dataType: value.dataType })
      // The same kernels in another opset: the same bits.
      for (const [name, value] of before) expect(Buffer.compare(value.bytes, after.get(name)?.bytes ?? new Uint8Array()), name).toBe(0)
      outcomes.same++
    } finally {
      file.close()
    }
  })

  test.skipIf(paths.length < 20)('is mostly reached (skipped where the models are not there)', () => {
    console.log(`convert to opset ${NEWEST_RULED_OPSET}: ${JSON.stringify(outcomes)}`)
    expect(outcomes.same).toBeGreaterThan(outcomes.refused)
  })
})

async function firstSample(document: ModelDocument): Promise<Feeds | null> {
  try {
    const data = await openCalibrationData({ kind: 'synthetic', samples: 1 }, document.model)
    for await (const feeds of data.samples()) return feeds
    return null
  } catch (error) {
    return onlyRejected(error)
  }
}

/** Models that cannot be fed or run at all are another test's matter. */
function onlyRejected(error: unknown): null {
  if (error instanceof AppError) return null
  throw error
}
