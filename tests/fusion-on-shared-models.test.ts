/** The recipes simplify and fuse-for-onnxruntime on third-party models with much to fuse: fewer nodes, the same results. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { sharedModelsFolder } from './fixtures/shared-models'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-fusion-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Nodes that stay of the source's at most, and what must be among the changes of the two recipes. */
const CASES: readonly { file: string; dims: Record<string, number>; simplify: [share: number, made: Record<string, number>]; fuse: [share: number, made: Record<string, number>] }[] = [
  { file: 'transformer/bert_dummy_mlm.onnx', dims: { batch: 2, tokens: 7 }, simplify: [0.3, { LayerNormalization: 4 }], fuse: [0.27, { SkipLayerNormalization: 4 }] },
  { file: 'transformer/t5_random_encoder.onnx', dims: { batch: 2, tokens: 7 }, simplify: [0.35, { LayerNormalization: 2, Split: 1 }], fuse: [0.3, { SkipLayerNormalization: 2 }] },
  { file: 'transformer/cct_2_32_128_opset20.onnx', dims: {}, simplify: [0.8, {}], fuse: [0.45, { MultiHeadAttention: 2, SkipLayerNormalization: 3, BiasGelu: 2, FusedConv: 1 }] },
  { file: 'audio/voicevox_sing_consonant_length.onnx', dims: { inLength: 6 }, simplify: [0.5, {}], fuse: [0.4, { MultiHeadAttention: 2 }] },
  { file: 'audio/dtln_model_2.onnx', dims: {}, simplify: [0.9, { LayerNormalization: 1 }], fuse: [0.9, { LayerNormalization: 1 }] },
  { file: 'classification/mobilenet_v2_0.35_128.onnx', dims: {}, simplify: [0.95, { Pad: -4 }], fuse: [0.75, { Pad: -4 }] },
]

describe.skipIf(!existsSync(sharedModelsFolder))('third-party models', () => {
  it.each(CASES.map((entry) => [entry.file, entry] as const))('%s', async (file, { dims, ...expected }) => {
    for (const [name, [share, made]] of [['simplify', expected.simplify], ['fuse-for-onnxruntime', expected.fuse]] as const) {
      const report = await optimize(file, name, dims)
      const source = report.passes[0]?.nodesBefore ?? 0
      expect([name, (report.passes.at(-1)?.nodesAfter ?? source) <= share * source]).toEqual([name, true])
      const changes = totals(report)
      expect([name, Object.entries(made).filter(([op, count]) => (changes[op] ?? 0) !== count)]).toEqual([name, []])
      // Below 1e-5 of their size is above 100 dB; the guard takes back any pass that moves them further.
      expect([name, report.outputError.filter(({ sqnrDb }) => sqnrDb !== null && sqnrDb < 100)]).toEqual([name, []])
      expect(report.passes.flatMap(({ diagnostics }) => diagnostics).filter(({ code }) => code === 'pass-undone')).toEqual([])
    }
  }, 60_000)
})

function totals({ passes }: OptimizeReport): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { opChanges } of passes) for (const [op, change] of Object.entries(opChanges)) sums[op] = (sums[op] ?? 0) + change
  return sums
}

async function optimize(file: string, name: string, dims: Record<string, number>): Promise<OptimizeReport> {
  const recipe = builtInRecipes.find((known) => known.name === name)
  if (!recipe) throw new Error(`no recipe '${name}'`)
  return optimizeModel(
    { inputPath: join(sharedModelsFolder, file), outputPath: join(folder, 'result.onnx'), recipe, data: { kind: 'synthetic', samples: 2 }, dims, measureLatency: false },
    { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
  )
}
