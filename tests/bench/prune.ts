import { join } from 'node:path'
import { Recipe } from '#shared/recipe'
import { builtInRecipes } from '../../src/main/passes/built-in-recipes'
import { optimizeModel } from '../../src/main/passes/optimize-model'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { classificationAccuracy } from '../fixtures/classification-accuracy'
import { openModelFile } from '../../src/main/runtime/model-file'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { firstSample } from '../../src/main/runtime/profile-model'
import type { Bench, BenchContext } from './bench'
import { latencyBeside } from './latency-beside'

const cleanUp = [{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }, { pass: 'fuse-bias-add' }]
const plain = { importance: 'l1', recovery: 'none' }
const pruned = (options: Record<string, unknown>) => Recipe.parse([...cleanUp, { pass: 'prune-channels', options }, { pass: 'eliminate-dead-nodes' }])

interface Case {
  readonly model: string
  readonly name: string
  readonly recipe: Recipe
  /** Points of top-1, and the part of the source's time. */
  readonly bars?: { readonly loss: number; readonly time: number }
}

const CASES: readonly Case[] = [
  { model: 'resnet-wide', name: 'MACs −20 %, layers chosen by latency', recipe: pruned({ amount: 0.2, distribution: 'latency' }), bars: { loss: 1, time: 1 / 1.15 } },
  { model: 'resnet-wide', name: 'MACs −20 %, the same part of each layer', recipe: builtIn('prune-20') },
  { model: 'resnet-wide', name: 'MACs −20 %, plain L1 without recovery', recipe: pruned({ amount: 0.2, ...plain }) },
  { model: 'resnet-wide', name: 'MACs −50 %, recovered from 256 images', recipe: builtIn('prune-50-recovered'), bars: { loss: 3, time: 1 / 1.42 } },
  { model: 'resnet-wide', name: 'MACs −50 %, channels merged', recipe: pruned({ amount: 0.5, recovery: 'merge' }) },
  { model: 'resnet-wide', name: 'MACs −50 %, plain L1 without recovery', recipe: pruned({ amount: 0.5, ...plain }) },
  { model: 'resnet-wide', name: 'MACs −50 %, chosen layer by layer', recipe: pruned({ amount: 0.5, distribution: 'sensitivity' }) },
  { model: 'mobilenet', name: 'MACs −30 %, layers chosen by latency', recipe: pruned({ amount: 0.3, distribution: 'latency' }), bars: { loss: 3, time: 1 / 1.2 } },
  { model: 'mobilenet', name: 'MACs −30 %, the same part of each layer', recipe: pruned({ amount: 0.3 }) },
  { model: 'mobilenet', name: 'MACs −30 %, channels merged', recipe: pruned({ amount: 0.3, recovery: 'merge' }) },
  { model: 'mobilenet', name: 'MACs −30 %, plain L1 without recovery', recipe: pruned({ amount: 0.3, ...plain }) },
  { model: 'mobilenet', name: 'MACs −60 %', recipe: pruned({ amount: 0.6 }) },
  { model: 'mobilenet', name: 'MACs −60 %, activations fitted too', recipe: pruned({ amount: 0.6, recovery: 'distill' }) },
  { model: 'resnet-wide', name: 'MACs −30 %, then static int8', recipe: builtIn('pruned-int8') },
]

/** Calibrated on calibration.npz alone, evaluated on evaluation.npz, which nothing was tuned on. */
export const prune: Bench = {
  name: 'prune',
  title: 'Structured pruning: top-1 lost, in points (1 000 images), and time as a part of the source’s (in turns)',
  async *run(context) {
    const samples = join(context.repository, 'resources/samples/digits')
    const runner = createOrtRunner({ scratchFolder: context.scratch })
    const top1 = async (modelPath: string) => {
      const { correct, total } = await classificationAccuracy({ modelPath, dataPath: join(samples, 'evaluation.npz'), runner })
      return (100 * correct) / total
    }
    const known = new Map<string, number>()
    for (const { model, name, recipe, bars } of CASES) {
      const inputPath = join(samples, `${model}.onnx`)
      const before = known.get(model) ?? (await top1(inputPath))
      known.set(model, before)
      const outputPath = join(context.scratch, 'pruned.onnx')
      const report = await optimizeModel(
        { inputPath, outputPath, recipe, data: { kind: 'path', path: join(samples, 'calibration.npz') }, measureLatency: false },
        { scratchFolder: context.scratch, signal: new AbortController().signal, progress: () => undefined },
      )
      const after = await top1(outputPath)
      const note = `${after.toFixed(1)} % of ${before.toFixed(1)} %, file ×${report.sizeRatio.toFixed(3)}, made in ${(report.durationMs / 1000).toFixed(0)} s`
      yield { name: `${model}: ${name}: loss`, unit: 'points', value: before - after, runs: 1, note, ...(bars && { atMost: bars.loss }) }
      for await (const { of, ...figure } of timeBeside(inputPath, outputPath, context)) yield { ...figure, name: `${model}: ${name}: ${of}`, ...(bars && { atMost: Number(bars.time.toFixed(3)) }) }
    }
  },
}

async function* timeBeside(source: string, result: string, { scratch }: BenchContext): ReturnType<typeof latencyBeside> {
  const runner = createOrtRunner({ scratchFolder: scratch })
  const file = openModelFile(source)
  try {
    const feeds = await firstSample(await openCalibrationData({ kind: 'synthetic', samples: 1 }, file.model, { runner }))
    yield* latencyBeside({ source: (options) => runner.loadFile(source, options), result: (options) => runner.loadFile(result, options), feeds })
  } finally {
    file.close()
  }
}

function builtIn(name: string): Recipe {
  const recipe = builtInRecipes.find((known) => known.name === name)
  if (!recipe) throw new Error(`there is no recipe '${name}'`)
  return recipe
}
