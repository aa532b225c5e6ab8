import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { firstSample } from './profile-model'
import { openCalibrationData } from './calibration-data'
import { timeKernelsInTurns } from './kernel-times-in-turns'
import { openModelFile } from './model-file'
import { createOrtRunner } from './ort-runner'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-kernels-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

it('times every node of two models with computation left in it, and leaves no files', async () => {
  const file = openModelFile(join(import.meta.dirname, '../../../resources/samples/digits/resnet.onnx'))
  try {
    const runner = createOrtRunner({ scratchFolder })
    const feeds = await firstSample(await openCalibrationData({ kind: 'synthetic', samples: 1 }, file.model, { runner }))
    const document = new ModelDocument(file.model)
    const timed = await timeKernelsInTurns(runner, [document, document], feeds, { runs: 4, signal: new AbortController().signal })
    expect(timed).toHaveLength(2)
    const convolutions = file.model.graph.nodes.filter(({ opType }) => opType === 'Conv').map(({ id }) => id)
    for (const kernels of timed) {
      const covered = new Set(kernels.flatMap(({ nodeIds }) => nodeIds))
      expect(convolutions.filter((id) => !covered.has(id))).toEqual([])
      expect(kernels.every(({ us }) => us >= 0)).toBe(true)
    }
    expect(readdirSync(scratchFolder)).toEqual([])
  } finally {
    file.close()
  }
})
