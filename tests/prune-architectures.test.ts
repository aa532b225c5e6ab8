/** Channels cut from well-known architectures, where third-party models are at hand: valid, run by onnxruntime, and smaller. Prints a table. */
import { basename, join } from 'node:path'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { ModelDocument } from '#shared/onnx/document'
import { costModel, followChannels } from '../src/main/passes/prune/channel-graph'
import { cutModel } from '../src/main/passes/prune/cut-model'
import { evenPlan, planGroups, sharesOf, unitsToRemove } from '../src/main/passes/prune/plan'
import { foldConstants } from '../src/main/passes/fold-constants'
import { runPass } from '../src/main/passes/testing/run-pass'
import { openCalibrationData } from '../src/main/runtime/calibration-data'
import { openModelFile } from '../src/main/runtime/model-file'
import { createOrtRunner } from '../src/main/runtime/ort-runner'
import { sharedModelsFolder } from './fixtures/shared-models'

const RATIO = 0.3
const folder = mkdtempSync(join(tmpdir(), 'edgefit-prune-'))
const runner = createOrtRunner({ scratchFolder: folder })
const table: string[] = []
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  console.log(table.join('\n'))
})

/** The others of the light models are as these, and large. */
const names = ['light/light_densenet121.onnx', 'light/light_inception_v2.onnx', 'light/light_resnet50.onnx', 'light/light_shufflenet.onnx', 'light/light_squeezenet.onnx', 'classification/mobilenet_v2_0.35_128.onnx', 'detection/yolox_nano.onnx', 'ocr/PP-OCRv3_det.onnx', 'segmentation/sed_unet_224.onnx']
const paths = names.map((name) => join(sharedModelsFolder, name)).filter((path) => existsSync(path))

describe.skipIf(paths.length === 0)('a third of the channels less', () => {
  it.each(paths.map((path) => [basename(path), path] as const))('%s', async (name, path) => {
    const file = openModelFile(path)
    try {
      const document = new ModelDocument(file.model)
      await runPass(document, foldConstants)
      const graph = followChannels(document)
      const plan = evenPlan(planGroups(graph.groups, { roundTo: 8, mostOfGroup: 0.75 }), RATIO)
      const cost = costModel(document, graph)
      const left = cost.parameters(sharesOf(plan, graph.groups)) / cost.parameters(graph.groups.map(() => 1))
      const even = graph.groups.map(({ units }) => new Float64Array(units.length))
      const cut = await cutModel(document.model, graph, unitsToRemove(plan, graph.groups, even))
      const locked = new Set(graph.groups.flatMap(({ lock }) => lock?.reason ?? []))
      table.push(`${name.padEnd(28)} parameters ×${left.toFixed(3)}  ${graph.groups.filter(({ lock }) => !lock).length} of ${graph.groups.length} groups free; kept: ${[...locked].slice(0, 2).join('; ')}`)
      expect(left).toBeLessThan(0.75)
      expect(checkModel(cut).filter(({ severity }) => severity === 'error')).toEqual([])
      const running = await runner.load(cut)
      try {
        for await (const feeds of (await openCalibrationData({ kind: 'synthetic', samples: 1 }, file.model, { runner })).samples()) {
          expect((await running.run(new Map([...feeds].filter(([input]) => running.inputNames.includes(input))))).size).toBeGreaterThan(0)
        }
      } finally {
        await running.close()
      }
    } finally {
      file.close()
    }
  }, 120_000)
})
