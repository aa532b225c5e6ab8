/** What our fusion is worth on a transformer encoder: nodes, outputs, and latency beside onnxruntime's own optimisation alone. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ModelDocument } from '#shared/onnx/document'
import { builtInRecipes } from '../../src/main/passes/built-in-recipes'
import { largestDrift } from '../../src/main/passes/output-drift'
import { runRecipe } from '../../src/main/passes/run-recipe'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { openModelFile } from '../../src/main/runtime/model-file'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { firstSample } from '../../src/main/runtime/profile-model'
import type { Bench, BenchContext, Figure } from './bench'
import { latencyBeside } from './latency-beside'

/** Long enough sequences that kernels count and not only calls. */
const MODELS: readonly { file: string; dims: Record<string, number>; recipes: readonly string[] }[] = [
  { file: 'transformer/bert_dummy_mlm.onnx', dims: { batch: 1, tokens: 128 }, recipes: ['simplify', 'fuse-for-onnxruntime'] },
  { file: 'transformer/t5_random_encoder.onnx', dims: { batch: 1, tokens: 128 }, recipes: ['simplify', 'fuse-for-onnxruntime'] },
  { file: 'transformer/cct_2_32_128_opset20.onnx', dims: {}, recipes: ['simplify', 'fuse-for-onnxruntime'] },
  { file: 'audio/voicevox_sing_consonant_length.onnx', dims: { inLength: 64 }, recipes: ['simplify', 'fuse-for-onnxruntime'] },
]

/** What so many turns tell from the same latency. */
const NO_WORSE = 1.02

export const fuse: Bench = {
  name: 'fuse',
  title: "Fusion on transformers: nodes, outputs, latency beside onnxruntime's own optimisation",
  async *run(context) {
    for (const { file, dims, recipes } of MODELS) for (const recipe of recipes) yield* figures(context, { file, dims, recipe })
  },
}

async function* figures({ repository, scratch }: BenchContext, { file, dims, recipe: name }: { file: string; dims: Record<string, number>; recipe: string }): AsyncIterable<Figure> {
  const path = join(repository, '../shared/models', file)
  const recipe = builtInRecipes.find((known) => known.name === name)
  if (!existsSync(path) || !recipe) throw new Error(`${file} is not there: the models beside the checkout are needed`)
  const runner = createOrtRunner({ scratchFolder: scratch })
  const signal = new AbortController().signal
  const source = openModelFile(path)
  const fused = openModelFile(path)
  try {
    const data = await openCalibrationData({ kind: 'synthetic', samples: 4 }, source.model, { runner, signal, dims })
    const document = new ModelDocument(fused.model)
    const nodes = (of: ModelDocument) => of.graphs().reduce((total, graph) => total + graph.nodes.length, 0)
    const before = nodes(document)
    await runRecipe(document, recipe, { calibration: data, runner, float: null, signal, progress: () => undefined, report: () => undefined })
    const label = `${file}, ${name}`
    const isBar = name === 'fuse-for-onnxruntime'
    yield { name: `${label}: nodes left`, unit: '×', value: nodes(document) / before, runs: 1, ...(isBar && { atMost: 0.6 }), note: `${String(before)} → ${String(nodes(document))}` }
    const [theirs, ours] = [await runner.load(source.model), await runner.load(document)]
    try {
      const drift = await largestDrift(theirs, ours, data)
      yield { name: `${label}: outputs moved by`, unit: '×', value: drift?.relative ?? 0, runs: 2, atMost: 1e-5, note: (drift?.relative ?? 0).toExponential(1) }
    } finally {
      await theirs.close()
      await ours.close()
    }
    const beside = latencyBeside({ source: (options) => runner.load(source.model, options), result: (options) => runner.load(document, options), feeds: await firstSample(data) })
    for await (const { of, ...figure } of beside) yield { ...figure, name: `${label}: ${of} beside onnxruntime alone`, atMost: NO_WORSE }
  } finally {
    source.close()
    fused.close()
  }
}
