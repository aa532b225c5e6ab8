import { z } from 'zod'
import { metricNames, metricTraits } from '#shared/evaluation/metric'
import { type Edit, ModelDocument, sameDomain } from '#shared/onnx/document'
import type { LayerSensitivity } from '#shared/measurement'
import type { Model } from '#shared/onnx/records'
import type { LabelledMetric } from '../runtime/evaluation/open-metric'
import { definePass, type PassContext } from './pass'
import { dequantized, quantizeChannels } from './quantize-numerics'
import { quantizeStatic, type StaticOptions } from './quantize-static'
import { measureLayerQuality } from './recovery/layer-quality'
import { snapshotModel } from './recovery/snapshot-model'
import { layersToKeepFloat } from './sensitivity/layers-to-keep-float'
import { EQUAL_DB, openBudget, type PrecisionBudget } from './sensitivity/precision-budget'
import { measureSensitivity } from './sensitivity/measure-sensitivity'
import type { NodeOverride } from './static/overrides'
import { floatValues } from './weight-store'

const labelledMetrics = metricNames.filter((name): name is LabelledMetric => metricTraits[name].labels !== 'none')

/** By this layers are taken for lost where no SQNR is asked for; on so many samples. */
const EARLY_DB = 10
const EARLY_SAMPLES = 8

const options = z.strictObject({
  budget: z
    .enum(['sqnr', 'agreement', 'accuracy'])
    .default('sqnr')
    .describe('What must hold: the error of the outputs (sqnr), how often the largest element of the first output is the float model’s (agreement: top-1 without labels), or a metric on labelled data (accuracy).'),
  targetSqnrDb: z.number().min(0).max(100).default(30).describe('With sqnr: the outputs must be this many decibels above their error, the worst of them.'),
  targetAgreement: z.number().gt(0).max(1).default(0.99).describe('With agreement: the share of decisions that must stay the same, 0 to 1.'),
  metric: z.enum(labelledMetrics).default('top-1').describe('With accuracy: the metric to keep. Some fall and some rise as a model gets worse; both are known.'),
  labelledData: z.string().default('').describe('With accuracy: the data with labels, whatever can be evaluated on; a relative path begins beside the calibration data. Empty: the calibration data itself.'),
  maxAccuracyLoss: z
    .number()
    .min(0)
    .max(100)
    .default(0.005)
    .describe('With accuracy: how much worse than the float model is allowed, on all labelled samples. For metrics in per cent in points of 1 (0.005: half a point), for others a part of the float model’s figure.'),
  higher: z.enum(['float', 'int16']).default('float').describe('What the most sensitive layers get instead of 8 bits. int16 is for NPUs that have it; on processors it is computed in float.'),
  fourBits: z.boolean().default(false).describe('Store weights in 4 bits wherever the budget still holds. Saves room; on processors such layers are computed in float.'),
  maxFloatLayers: z.number().int().min(0).max(100_000).default(16).describe('Give at most so many layers more than 8 bits, even if the target is not reached.'),
  samples: z.number().int().min(1).max(100_000).default(32).describe('Calibration samples that the search looks at; the result is calibrated with all.'),
  quantization: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Options of quantize-static.')
    .superRefine((value, context) => {
      const parsed = quantizeStatic.options.safeParse(value)
      if (!parsed.success) for (const issue of parsed.error.issues) context.addIssue({ ...issue, code: 'custom', message: issue.message })
    }),
})
export type SearchOptions = z.output<typeof options>

export const searchPrecision = definePass({
  name: 'search-precision',
  title: 'Quantize within a budget',
  description: 'Quantizes statically, and gives as few layers as it takes more than 8 bits for the outputs, or the decisions, to stay near the float model’s; and 4 bits to those that bear it, if wanted. What each layer costs is measured one by one.',
  calibration: 'required',
  quantizes: true,
  options,
  /**
   * First the layers by which the outputs are lost already, where the fewest of them are enough: that takes a few runs, whatever the number
   * of layers. Else greedy: layers in the order of what each costs by itself, the shortest run of the worst that reaches the target (by bisection), and
   * of that run every layer taken back that is not needed after all. Then the longest run of those that bear 4 bits best.
   */
  async run(edit, chosen, context) {
    const quantization = quantizeStatic.options.parse(chosen.quantization)
    nameLayers(edit)
    const float = snapshotModel(edit.document)
    const search = new Search(float, { chosen, quantization, context, budget: await openBudget(float, { chosen, context }) })
    const { document, score } = await search.quantized(new Map())
    const early = score >= search.budget.target ? new Map<string, NodeOverride>() : await search.earlyLayers(document.model)
    const layers = early && !chosen.fourBits ? [] : await search.sensitivities(document.model)
    let plan = early ?? (await search.higherLayers(layers))
    const raised = plan.size
    if (chosen.fourBits) plan = await search.fourBitLayers(layers, plan)
    const reached = plan.size === 0 ? score : (await search.quantized(plan)).score
    const names = [...plan.keys()]
    tell(context, { chosen, search, before: score, reached, raised: names.slice(0, raised), lowered: names.slice(raised) })
    const result = { ...quantization, nodeOverrides: { ...quantization.nodeOverrides, ...merged(quantization, plan) } }
    await quantizeStatic.run(edit, result, context)
  },
})

interface Outcome {
  readonly chosen: SearchOptions
  readonly search: Search
  readonly before: number
  readonly reached: number
  readonly raised: readonly string[]
  readonly lowered: readonly string[]
}

function tell(context: PassContext, { chosen, search, before, reached, raised, lowered }: Outcome): void {
  const isReached = reached >= search.budget.target
  if (raised.length === 0 && lowered.length === 0 && isReached) return
  const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')
  const parts = [chosen.higher === 'float' ? keptFloat(raised.length, quoted(raised)) : inSixteenBits(raised.length, quoted(raised))]
  if (chosen.fourBits) parts.push(inFourBits(lowered.length, quoted(lowered)))
  context.report({
    severity: isReached ? 'info' : 'warning',
    code: isReached ? 'kept-float' : 'target-not-reached',
    message: `${parts.join('; ')}: ${search.budget.text(reached)} instead of ${search.budget.text(before)} with 8 bits everywhere; wanted: ${search.budget.text(search.budget.target)}.`,
  })
}

function keptFloat(count: number, names: string): string {
  if (count === 0) return 'No layer stays float'
  return count === 1 ? `${names} stays float` : `${names} stay float`
}

function inSixteenBits(count: number, names: string): string {
  if (count === 0) return 'No layer takes 16 bits'
  return count === 1 ? `${names} takes 16 bits` : `${names} take 16 bits`
}

function inFourBits(count: number, names: string): string {
  if (count === 0) return 'none takes 4 bits'
  return count === 1 ? `${names} takes 4 bits` : `${names} take 4 bits`
}

/** The person's own overrides of a node stand beside what was found for it. */
function merged({ nodeOverrides }: StaticOptions, plan: ReadonlyMap<string, NodeOverride>): Record<string, NodeOverride> {
  return Object.fromEntries([...plan].map(([name, override]) => [name, { ...nodeOverrides[name], ...override }]))
}

/** Layers are told apart by name. */
function nameLayers(edit: Edit): void {
  const seen = new Set<string>()
  for (const node of edit.main.nodes) {
    if (!sameDomain(node.domain, '') || !['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].includes(node.opType)) continue
    const isOwn = node.name !== '' && !seen.has(node.name)
    const name = isOwn ? node.name : `${node.opType}_${node.id}`
    seen.add(name)
    if (!isOwn) edit.updateNode(edit.main, node, { name })
  }
}

interface SearchNeeds {
  readonly chosen: SearchOptions
  readonly quantization: StaticOptions
  readonly context: PassContext
  readonly budget: PrecisionBudget
}

class Search {
  constructor(
    readonly float: Model,
    readonly needs: SearchNeeds,
  ) {}

  get budget(): PrecisionBudget {
    return this.needs.budget
  }

  /** The model in 8 bits but for the layers of `plan`, and how near it is to the float one, in the unit of the budget. */
  async quantized(plan: ReadonlyMap<string, NodeOverride>): Promise<{ document: ModelDocument; score: number }> {
    const { chosen, quantization, context } = this.needs
    const document = new ModelDocument(snapshotModel({ model: this.float }))
    const quiet: PassContext = { ...context, report: () => undefined, progress: (_, __, detail) => context.progress('searching', null, detail) }
    const limited = { ...quantization, calibrationSamples: Math.min(chosen.samples, quantization.calibrationSamples), nodeOverrides: { ...quantization.nodeOverrides, ...merged(quantization, plan) } }
    await document.transact('quantize-static', (edit) => quantizeStatic.run(edit, limited, quiet))
    return { document, score: await this.budget.score(document) }
  }

  sensitivities(quantized: Model): Promise<LayerSensitivity[]> {
    const { chosen, context } = this.needs
    return measureSensitivity({ float: this.float, quantized, context, limit: chosen.samples })
  }

  async #reaches(plan: ReadonlyMap<string, NodeOverride>): Promise<boolean> {
    return (await this.quantized(plan)).score >= this.budget.target
  }

  /** Layers with more bits among those up to the first that is too far off by itself; null where they do not reach the target. */
  async earlyLayers(quantized: Model): Promise<Map<string, NodeOverride> | null> {
    const { chosen, context } = this.needs
    const quality = await measureLayerQuality({ float: this.float, quantized, context: { ...context, progress: () => undefined }, limit: Math.min(chosen.samples, EARLY_SAMPLES) })
    const names = layersToKeepFloat(quality, chosen.budget === 'sqnr' ? chosen.targetSqnrDb : EARLY_DB).map(({ nodeName }) => nodeName)
    if (names.length === 0 || names.length > chosen.maxFloatLayers || !(await this.#reaches(this.#planOf(names)))) return null
    return this.#planOf(await this.#needed(names))
  }

  /** The fewest layers with more bits that reach the target, or as many as are allowed. */
  async higherLayers(layers: readonly LayerSensitivity[]): Promise<Map<string, NodeOverride>> {
    const worstFirst = layers.toSorted((a, b) => a.outputSqnrDb - b.outputSqnrDb).map(({ nodeName }) => nodeName)
    const most = Math.min(this.needs.chosen.maxFloatLayers, worstFirst.length)
    if (!(await this.#reaches(this.#planOf(worstFirst.slice(0, most))))) return this.#planOf(worstFirst.slice(0, most))
    const kept = worstFirst.slice(0, await longestRun(most, async (count) => !(await this.#reaches(this.#planOf(worstFirst.slice(0, count)))), 1))
    // The last one is what reached the target; those before it may have been in vain.
    const last = kept.at(-1)
    return this.#planOf(await this.#needed(kept, last === undefined ? [] : [last]))
  }

  /** What is left of `names`, which reach the target, without those that are not needed for it; those of `sure` are. */
  async #needed(names: readonly string[], sure: readonly string[] = []): Promise<string[]> {
    let kept = [...names]
    for (const name of names.filter((known) => !sure.includes(known)).toReversed()) {
      const without = kept.filter((known) => known !== name)
      if (await this.#reaches(this.#planOf(without))) kept = without
    }
    return kept
  }

  #planOf(names: readonly string[]): Map<string, NodeOverride> {
    const override: NodeOverride = this.needs.chosen.higher === 'float' ? { keepFloat: true } : { activationType: 'uint16', weightType: 'int16' }
    return new Map(names.map((name) => [name, override]))
  }

  /** `plan`, and 4 bits for as many other layers as it goes, those first whose weights lose least by it. */
  async fourBitLayers(layers: readonly LayerSensitivity[], plan: ReadonlyMap<string, NodeOverride>): Promise<Map<string, NodeOverride>> {
    const bestFirst = layers
      .filter(({ nodeName }) => !plan.has(nodeName))
      .map((layer) => ({ name: layer.nodeName, sqnrDb: layer.outputSqnrDb + this.#fourBitSqnr(layer.nodeId) }))
      .toSorted((a, b) => b.sqnrDb - a.sqnrDb)
      .map(({ name }) => name)
    const planOf = (count: number) => new Map<string, NodeOverride>([...plan, ...bestFirst.slice(0, count).map((name): [string, NodeOverride] => [name, { weightType: 'int4' }])])
    return planOf(await longestRun(bestFirst.length, (count) => this.#reaches(planOf(count)), 0))
  }

  #fourBitSqnr(id: number): number {
    const node = this.float.graph.nodes.find((known) => known.id === id)
    const weight = this.float.graph.initializers.find(({ name }) => name === node?.inputs[1])
    if (!weight) return 0
    const values = floatValues(weight)
    const layout = { dims: weight.dims, axis: node?.opType === 'Conv' ? 0 : null }
    const real = dequantized(quantizeChannels(values, layout, { type: 'int4', symmetric: true, reduceRange: false }), layout)
    let [signal, noise] = [0, 0]
    for (let at = 0; at < values.length; at++) {
      signal += (values[at] as number) ** 2
      noise += ((values[at] as number) - (real[at] as number)) ** 2
    }
    return noise === 0 ? EQUAL_DB : 10 * Math.log10(signal / noise)
  }
}

/** The largest count from 0 to `most` for which `holds`, by bisection, plus `more`, and no more than `most`. */
async function longestRun(most: number, holds: (count: number) => Promise<boolean>, more: number): Promise<number> {
  if (most === 0 || (more === 0 && (await holds(most)))) return most
  let [low, high] = [0, most]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await holds(middle)) low = middle
    else high = middle
  }
  return low + more
}
