import { z } from 'zod'
import { AppError } from '#shared/errors'
import { type Edit, ModelDocument, sameDomain } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { measureOutputError } from '../runtime/output-error'
import { definePass, type PassContext } from './pass'
import { quantizeStatic } from './quantize-static'
import { snapshotModel } from './recovery/snapshot-model'
import { measureSensitivity } from './sensitivity/measure-sensitivity'

/** Stands for outputs that are equal. */
const EQUAL_DB = 200

export const searchPrecision = definePass({
  name: 'search-precision',
  title: 'Quantize within a budget',
  description: 'Quantizes statically, but leaves as few layers float as it takes for the outputs to stay near the float model\'s. The most sensitive layers are measured one by one and stay float first.',
  calibration: 'required',
  quantizes: true,
  options: z.strictObject({
    targetSqnrDb: z.number().min(0).max(100).default(30).describe('The outputs must be this many decibels above their error, the worst of them.'),
    maxFloatLayers: z.number().int().min(0).max(100_000).default(16).describe('Leave at most so many layers float, even if the target is not reached.'),
    samples: z.number().int().min(1).max(100_000).default(32).describe('Calibration samples that the search looks at; the result is calibrated with all.'),
    quantization: z.record(z.string(), z.unknown()).default({}).describe('Options of quantize-static.'),
  }),
  /**
   * Greedy: layers in the order of what each costs by itself, the shortest run of the worst that reaches the target (by bisection), and
   * of that run every layer taken back that is not needed after all.
   */
  async run(edit, { targetSqnrDb, maxFloatLayers, samples, quantization }, context) {
    const options = quantizeStatic.options.safeParse(quantization)
    if (!options.success) throw new AppError({ code: 'invalid-recipe', message: `Option 'quantization' of 'search-precision': ${options.error.issues[0]?.message ?? ''}.`, hint: 'It takes the options of quantize-static.' })
    nameLayers(edit)
    const float = snapshotModel(edit.document)
    const search = new Search(float, { options: options.data, samples, context })
    const { document, sqnrDb } = await search.quantized([])
    const kept = sqnrDb >= targetSqnrDb ? [] : await search.floatLayers(document.model, { targetSqnrDb, maxFloatLayers })
    const reached = kept.length === 0 ? sqnrDb : (await search.quantized(kept)).sqnrDb
    if (kept.length > 0 || reached < targetSqnrDb) {
      const names = kept.length === 0 ? 'No layer' : kept.map((name) => `'${name}'`).join(', ')
      context.report({
        severity: reached < targetSqnrDb ? 'warning' : 'info',
        code: reached < targetSqnrDb ? 'target-not-reached' : 'kept-float',
        message: `${names} ${kept.length === 1 ? 'stays' : 'stay'} float: outputs are at ${reached.toFixed(1)} dB instead of ${sqnrDb.toFixed(1)} with all layers in integers; wanted were ${targetSqnrDb}.`,
      })
    }
    await quantizeStatic.run(edit, { ...options.data, excludeNodes: [...options.data.excludeNodes, ...kept] }, context)
  },
})

/** Layers are left out by name. */
function nameLayers(edit: Edit): void {
  const seen = new Set<string>()
  for (const node of edit.main.nodes) {
    if (!sameDomain(node.domain, '') || !['Conv', 'Gemm', 'MatMul'].includes(node.opType)) continue
    const isOwn = node.name !== '' && !seen.has(node.name)
    const name = isOwn ? node.name : `${node.opType}_${node.id}`
    seen.add(name)
    if (!isOwn) edit.updateNode(edit.main, node, { name })
  }
}

interface SearchNeeds {
  readonly options: z.output<typeof quantizeStatic.options>
  readonly samples: number
  readonly context: PassContext
}

class Search {
  constructor(
    readonly float: Model,
    readonly needs: SearchNeeds,
  ) {}

  /** The model with all but `keptFloat` in integers, and its worst output's SQNR. */
  async quantized(keptFloat: readonly string[]): Promise<{ document: ModelDocument; sqnrDb: number }> {
    const { options, samples, context } = this.needs
    const { calibration, runner, signal } = context
    if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Searching for precision needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
    const document = new ModelDocument(snapshotModel({ model: this.float }))
    const quiet: PassContext = { ...context, report: () => undefined, progress: (_, __, detail) => context.progress('searching', null, detail) }
    const limited = { ...options, calibrationSamples: Math.min(samples, options.calibrationSamples), excludeNodes: [...options.excludeNodes, ...keptFloat] }
    await document.transact('quantize-static', (edit) => quantizeStatic.run(edit, limited, quiet))
    const errors = await measureOutputError({ runner, reference: this.float, candidate: document, data: calibration, limit: samples, signal })
    return { document, sqnrDb: Math.min(EQUAL_DB, ...errors.map(({ sqnrDb }) => sqnrDb ?? EQUAL_DB)) }
  }

  async floatLayers(quantized: Model, { targetSqnrDb, maxFloatLayers }: { targetSqnrDb: number; maxFloatLayers: number }): Promise<string[]> {
    const { samples, context } = this.needs
    const layers = await measureSensitivity({ float: this.float, quantized, context, limit: samples })
    const worstFirst = layers.toSorted((a, b) => a.outputSqnrDb - b.outputSqnrDb).map(({ nodeName }) => nodeName)
    const reaches = async (kept: readonly string[]) => (await this.quantized(kept)).sqnrDb >= targetSqnrDb
    let [low, high] = [0, Math.min(maxFloatLayers, worstFirst.length)]
    if (!(await reaches(worstFirst.slice(0, high)))) return worstFirst.slice(0, high)
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (await reaches(worstFirst.slice(0, middle))) high = middle
      else low = middle
    }
    let kept = worstFirst.slice(0, high)
    // The last one is what reached the target; those before it may have been in vain.
    for (const name of kept.slice(0, -1).toReversed()) {
      const without = kept.filter((known) => known !== name)
      if (await reaches(without)) kept = without
    }
    return kept
  }
}
