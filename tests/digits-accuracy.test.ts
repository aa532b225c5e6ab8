/** Top-1 of both int8 forms of the project's samples on images they were not calibrated with, computed as phones do. Prints a table. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { openCalibrationData } from '../src/main/runtime/calibration-data'
import { openNpzArrays } from '../src/main/runtime/data-array'
import { openModelFile } from '../src/main/runtime/model-file'
import { createOrtRunner } from '../src/main/runtime/ort-runner'
import { ownModelsFolder } from './fixtures/shared-models'

const samples = join(ownModelsFolder, 'digits')
const folder = mkdtempSync(join(tmpdir(), 'edgefit-accuracy-'))
const runner = createOrtRunner({ scratchFolder: folder })
const table: string[] = []
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  console.log(table.join('\n'))
})

describe.each(['resnet.onnx', 'mobilenet.onnx'])('%s', (name) => {
  it('loses at most 0.3 points of top-1 in either int8 form', async () => {
    const source = join(samples, name)
    const float = await topOne(source)
    table.push(`${name.padEnd(15)} float32       ${float.toFixed(1)} %`)
    for (const recipe of builtInRecipes.filter(({ name }) => name.startsWith('int8'))) {
      const outputPath = join(folder, `${recipe.name}-${name}`)
      const report = await optimizeModel(
        { inputPath: source, outputPath, recipe, data: { kind: 'path', path: join(samples, 'calibration.npz') }, measureLatency: false },
        { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
      )
      const quantized = await topOne(outputPath)
      table.push(`${name.padEnd(15)} ${recipe.name.padEnd(13)} ${quantized.toFixed(1)} %  size ${report.sizeRatio.toFixed(3)}`)
      // One image in a thousand is 0.1 points; the bound is inclusive.
      expect(float - quantized).toBeLessThan(0.35)
    }
  }, 180_000)
})

/** Per cent of evaluation.npz whose largest logit is the label's. */
async function topOne(path: string): Promise<number> {
  const evaluation = join(samples, 'evaluation.npz')
  const labels = await labelsOf(evaluation)
  const file = openModelFile(path)
  const running = await runner.loadFile(path, { exactIntegers: true })
  let correct = 0
  let at = 0
  try {
    const data = await openCalibrationData({ kind: 'path', path: evaluation }, file.model)
    for await (const feeds of data.samples()) {
      const logits = (await running.run(feeds)).get('logits')
      if (!logits) throw new Error('the model gave no logits')
      const values = Array.from(new Float32Array(logits.bytes.slice().buffer))
      if (values.indexOf(Math.max(...values)) === labels[at++]) correct++
    }
  } finally {
    await running.close()
    file.close()
  }
  expect(at).toBe(labels.length)
  return (100 * correct) / at
}

async function labelsOf(path: string): Promise<number[]> {
  const array = (await openNpzArrays(path)).find(({ name }) => name === 'label')
  if (!array) throw new Error(`no labels in ${path}`)
  const [count = 0] = array.dims
  for await (const { bytes } of array.read(count, 1)) return Array.from(bytes)
  return []
}
