import { join } from 'node:path'
import { Recipe } from '#shared/recipe'
import { ModelDocument } from '#shared/onnx/document'
import { optimizeModel } from '../../src/main/passes/optimize-model'
import { runRecipe } from '../../src/main/passes/run-recipe'
import { scaleChannelsApart } from '../../src/main/passes/testing/scale-channels-apart'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { classificationAccuracy } from '../fixtures/classification-accuracy'
import { openModelFile, saveModelFile } from '../../src/main/runtime/model-file'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import type { Bench, BenchContext } from './bench'

const CLEAN_UP = [{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }]
const ONE_SCALE = { pass: 'quantize-static', options: { perChannel: false } }
const FORMS = [
  { name: 'one scale per weight', passes: [ONE_SCALE] },
  { name: 'one scale per weight, equalized', passes: [{ pass: 'equalize-layers' }, ONE_SCALE] },
  { name: 'one scale per weight, equalized, biases corrected', passes: [{ pass: 'equalize-layers' }, ONE_SCALE, { pass: 'correct-bias' }], atMost: 0.5 },
  { name: 'a scale per channel', passes: [{ pass: 'quantize-static' }], atMost: 0.5 },
  { name: 'a scale per channel, equalized, biases corrected', passes: [{ pass: 'equalize-layers' }, { pass: 'quantize-static' }, { pass: 'correct-bias' }], atMost: 0.5 },
]
/** How far apart channels of the made-up hard case are brought: factors from 1 / 32 to 32. */
const SPREAD = 32

/** Calibrated on calibration.npz, evaluated on evaluation.npz, with integer kernels as phones have them. */
export const accuracy: Bench = {
  name: 'accuracy',
  title: 'Top-1 that static int8 costs, in points below float32 (1 000 images not calibrated with)',
  async *run(context) {
    const samples = join(context.repository, 'resources/samples/digits')
    const apart = await channelsApart(samples, context)
    for (const [label, path] of [['mobilenet', join(samples, 'mobilenet.onnx')], ['mobilenet, channels scaled apart', apart]] as const) {
      const top1 = async (modelPath: string) => {
        const { correct, total } = await classificationAccuracy({ modelPath, dataPath: join(samples, 'evaluation.npz'), runner: createOrtRunner({ scratchFolder: context.scratch }) })
        return (100 * correct) / total
      }
      const float = await top1(path)
      for (const { name, passes, atMost } of FORMS) {
        const outputPath = join(context.scratch, 'form.onnx')
        const report = await optimizeModel(
          { inputPath: path, outputPath, recipe: Recipe.parse([...CLEAN_UP, ...passes]), data: { kind: 'path', path: join(samples, 'calibration.npz') }, measureLatency: false },
          { scratchFolder: context.scratch, signal: new AbortController().signal, progress: () => undefined },
        )
        const found = await top1(outputPath)
        const error = report.outputError.map(({ sqnrDb }) => `${sqnrDb?.toFixed(1) ?? '∞'} dB`).join(', ')
        yield { name: `${label}: ${name}`, unit: 'points', value: float - found, runs: 1, note: `${found.toFixed(1)} % of ${float.toFixed(1)} %, ${error}, ×${report.sizeRatio.toFixed(3)}`, ...(atMost !== undefined && { atMost }) }
      }
    }
  },
}

/** The sample with its channels scaled apart: it computes the same, and is what one scale per weight is bad at. */
async function channelsApart(samples: string, { scratch }: BenchContext): Promise<string> {
  const file = openModelFile(join(samples, 'mobilenet.onnx'))
  try {
    const runner = createOrtRunner({ scratchFolder: scratch })
    const calibration = await openCalibrationData({ kind: 'path', path: join(samples, 'calibration.npz') }, file.model)
    const context = { calibration, runner, float: null, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
    const document = new ModelDocument(file.model)
    await runRecipe(document, Recipe.parse(CLEAN_UP), context)
    await scaleChannelsApart(document, context, SPREAD)
    return (await saveModelFile(document.model, join(scratch, 'apart.onnx'))).path
  } finally {
    file.close()
  }
}
