/** The samples are what their cards say: figures of float and int8 models on their evaluation data, computed as phones do. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { metricText, metricTraits } from '#shared/evaluation/metric'
import { Recipe } from '#shared/recipe'
import type { SampleEntry } from '#shared/samples/sample'
import { findAppRoot } from '../src/main/host/app-root'
import { readSampleManifest } from '../src/main/host/samples'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { evaluateModel } from '../src/main/runtime/evaluation/evaluate-model'
import { createOrtRunner } from '../src/main/runtime/ort-runner'

const { folder: samples, entries } = readSampleManifest(findAppRoot(import.meta.dirname))
const scratch = mkdtempSync(join(tmpdir(), 'edgefit-samples-'))
const runner = createOrtRunner({ scratchFolder: scratch })
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Float kernels differ a little between processors: so much may a figure be off, in shares and in dB. */
const TOLERANCE = { share: 0.003, dB: 0.05, number: 0.002 } as const
/** The others take long; `SAMPLES=all` looks at them too. */
const QUICK = ['intent-student', 'keywords', 'super-resolution', 'digit-strings', 'gestures', 'interest']
const all = process.env['SAMPLES'] === 'all'
const measured = entries.filter(({ id, metric }) => metric !== null && (all || QUICK.includes(id)))

describe.each(measured)('$id', (sample: SampleEntry) => {
  const { metric, evaluation, model, accuracy, int8 } = sample
  if (metric === null || evaluation === null || accuracy === null || int8 === null || int8.accuracy === null) throw new Error(`${sample.id} has no figures`)
  const tolerance = TOLERANCE[metricTraits[metric].unit]
  const evaluate = async (path: string) => (await evaluateModel({ modelPath: path, dataPath: join(samples, evaluation), metric, runner })).value ?? NaN

  it('reaches what its card says in float', async () => {
    expect(Math.abs((await evaluate(join(samples, model))) - accuracy)).toBeLessThanOrEqual(tolerance)
  })

  it('reaches what its card says after its int8 recipe', async () => {
    const outputPath = join(scratch, `${sample.id}.onnx`)
    const recipe = builtInRecipes.find(({ name }) => name === int8.recipe) ?? Recipe.parse(JSON.parse(readFileSync(join(samples, int8.recipe), 'utf8')))
    const data = sample.calibration === null ? ({ kind: 'synthetic', samples: 2 } as const) : ({ kind: 'path', path: join(samples, sample.calibration) } as const)
    await optimizeModel({ inputPath: join(samples, model), outputPath, recipe, data, measureLatency: false }, { scratchFolder: scratch, signal: new AbortController().signal, progress: () => undefined })
    expect(Math.abs((await evaluate(outputPath)) - (int8.accuracy ?? NaN))).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(statSync(outputPath).size / int8.sizeBytes - 1)).toBeLessThan(0.02)
  })
})

test('each card shows the figures of the manifest', () => {
  for (const { metric, accuracy, int8, model } of entries) {
    const card = readFileSync(join(samples, dirname(model), 'README.md'), 'utf8')
    if (metric === null || accuracy === null) continue
    expect(card).toContain(`${metric} ${metricText(metric, accuracy)}`)
    if (typeof int8?.accuracy === 'number') expect(card).toContain(metricText(metric, int8.accuracy))
  }
})

test('all samples together take at most 40 MB, and every scenario has one', () => {
  const files = readdirSync(samples, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)).toBeLessThanOrEqual(40_000_000)
  expect(new Set(entries.map(({ scenario }) => scenario)).size).toBe(8)
})
