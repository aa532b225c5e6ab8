import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { tensorBytes } from '#shared/onnx/tensor-data'
import { openModelFile } from '../src/main/runtime/model-file'
import { type LargeModel, writeLargeExternalModel, writeLargeInlineModel } from './fixtures/large-model'

const GIB = 1024 ** 3

const folder = mkdtempSync(join(tmpdir(), 'edgefit-large-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a model of gigabytes', () => {
  function expectOpens({ modelPath, sizeBytes, nodeCount }: LargeModel): void {
    const before = process.memoryUsage().rss
    const file = openModelFile(modelPath)
    try {
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
      expect(file.diagnostics).toEqual([])
      expect(file.sizeBytes).toBe(sizeBytes)
      expect(file.model.graph.nodes).toHaveLength(nodeCount)
      const last = file.model.graph.initializers.at(-2)
      expect(last && tensorBytes(last).length).toBe(4 * 1024 * 1024)
    } finally {
      file.close()
    }
  }

  test('with external data opens without its weights being read', () => {
    expectOpens(writeLargeExternalModel(join(folder, 'external'), { bytes: 2 * GIB }))
  })

  test('in one file past the range of 32-bit lengths opens too', () => {
    expectOpens(writeLargeInlineModel(join(folder, 'inline'), { bytes: 5 * GIB }))
  })
})
