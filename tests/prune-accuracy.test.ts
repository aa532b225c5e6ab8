/** Top-1 that pruning costs the project's samples: calibrated on calibration.npz, evaluated on images that nothing was fitted to. Prints a table. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Recipe } from '#shared/recipe'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { classificationAccuracy } from './fixtures/classification-accuracy'
import { createOrtRunner } from '../src/main/runtime/ort-runner'
import { ownModelsFolder } from './fixtures/shared-models'

const samples = join(ownModelsFolder, 'digits')
const folder = mkdtempSync(join(tmpdir(), 'edgefit-prune-'))
const table: string[] = []
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  console.log(table.join('\n'))
})

/** A quarter of the calibration images: enough for the bars, and quicker. The benchmark takes all. */
const calibrationSamples = 64
const cleanUp = [{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }]
const CASES = [
  { model: 'resnet-wide.onnx', amount: 0.2, most: 1 },
  { model: 'resnet-wide.onnx', amount: 0.5, most: 3 },
  { model: 'mobilenet.onnx', amount: 0.3, most: 3 },
]
/** Under load a fit takes minutes. */
const PATIENCE_MS = 300_000

it.each(CASES)('$model loses at most $most points with $amount of its multiply–accumulates gone', async ({ model, amount, most }) => {
  const inputPath = join(samples, model)
  const outputPath = join(folder, 'pruned.onnx')
  const report = await prune(inputPath, outputPath, [{ pass: 'prune-channels', options: { amount, calibrationSamples } }])
  const [before, after] = [await sourceTopOne(inputPath), await topOne(outputPath)]
  const [done = ''] = report.passes.flatMap(({ diagnostics }) => diagnostics.flatMap(({ code, message }) => (code === 'channels-pruned' ? [message] : [])))
  table.push(`${model.padEnd(17)} ${before.toFixed(1)} → ${after.toFixed(1)} %  size ×${report.sizeRatio.toFixed(3)}  ${done}`)
  expect(Number(/^[\d.]+/.exec(done)?.[0])).toBeGreaterThanOrEqual(100 * amount)
  expect(before - after).toBeLessThanOrEqual(most)
}, PATIENCE_MS)

it('pruning and static int8 go together: their savings of size multiply', async () => {
  const inputPath = join(samples, 'mobilenet.onnx')
  const pruning = { pass: 'prune-channels', options: { amount: 0.5, recovery: 'none', calibrationSamples: 16 } }
  const ratios: number[] = []
  for (const [at, passes] of [[pruning], [{ pass: 'quantize-static' }], [pruning, { pass: 'quantize-static' }]].entries()) ratios.push((await prune(inputPath, join(folder, `${at}.onnx`), passes)).sizeRatio)
  const [pruned = NaN, quantized = NaN, both = NaN] = ratios
  // What does not shrink (names, nodes) weighs more in a smaller file.
  expect(both / (pruned * quantized)).toBeLessThan(1.25)
  expect(both).toBeLessThan(0.25)
}, PATIENCE_MS)

function prune(inputPath: string, outputPath: string, passes: readonly object[]) {
  return optimizeModel(
    { inputPath, outputPath, recipe: Recipe.parse([...cleanUp, ...passes, { pass: 'eliminate-dead-nodes' }]), data: { kind: 'path', path: join(samples, 'calibration.npz') }, measureLatency: false },
    { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
  )
}

const sources = new Map<string, Promise<number>>()

function sourceTopOne(modelPath: string): Promise<number> {
  const known = sources.get(modelPath) ?? topOne(modelPath)
  sources.set(modelPath, known)
  return known
}

async function topOne(modelPath: string): Promise<number> {
  const { correct, total } = await classificationAccuracy({ modelPath, dataPath: join(samples, 'evaluation.npz'), runner: createOrtRunner({ scratchFolder: folder }) })
  return (100 * correct) / total
}
