import { z } from 'zod'
import { AppError } from '#shared/errors'
import { type Edit, ModelDocument, sameDomain } from '#shared/onnx/document'
import type { Node } from '#shared/onnx/records'
import { definePass } from './pass'
import { addToBias, dequantizer } from './recovery/layer-bias'
import { meanSqnr } from './recovery/mean-sqnr'
import { channelMeans, type Observer } from './recovery/observe'
import { snapshotModel } from './recovery/snapshot-model'
import { splitSamples } from './recovery/split-samples'

const SHOWN_LAYERS = 3
/** Samples held out that each layer is looked at on: means settle soon. */
const FEW_SAMPLES = 16

export const correctBias = definePass({
  name: 'correct-bias',
  title: 'Correct biases',
  description: 'After quantize-static: moves each bias so that its layer gives the same mean as in float, layer by layer, by what calibration data shows. Costs nothing at run time.',
  calibration: 'required',
  options: z.strictObject({
    calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at, once for each layer.'),
  }),
  /**
   * Empirical bias correction: adds E[float output] − E[quantized output] of each channel to the bias, in the order in which the
   * layers compute, so that each correction sees those before it (Nagel et al. 2019, appendix D).
   */
  async run(edit, { calibrationSamples }, context) {
    const { float } = context
    if (!float) throw new AppError({ code: 'invalid-recipe', message: "'correct-bias' has nothing to compare with.", hint: 'Put it after quantize-static in the same recipe.' })
    const floatNodes = new Map(float.graph.nodes.map((node) => [node.id, node]))
    const layers = edit.main.nodes.flatMap((node) => {
      const original = floatNodes.get(node.id)
      return original?.opType === node.opType && isQuantized(edit, node) ? [{ id: node.id, name: original.outputs[0] ?? '' }] : []
    })
    if (layers.length === 0) return
    const { learned, heldOut } = splitSamples(context.calibration, calibrationSamples)
    const [from, beside] = [{ ...context, calibration: learned }, { ...context, calibration: heldOut }] as const
    const names = layers.map(({ name }) => name)
    const expected = { learned: await channelMeans(float, names, from, learned.sampleCount), heldOut: await channelMeans(float, names, beside, FEW_SAMPLES) }
    // On a copy: what does not help is not done.
    const trial = new ModelDocument(snapshotModel(edit.document))
    const corrections = new Map<number, Float64Array>()
    const left: string[] = []
    await trial.transact('correct-bias', async (change) => {
      for (const [at, { id, name }] of layers.entries()) {
        context.progress('correcting', at / layers.length, `${at + 1} / ${layers.length}`)
        const node = nodeOf(change, id)
        const [output = ''] = node.outputs
        const present = snapshotModel(trial)
        const errorsOn = async (means: ReadonlyMap<string, Float64Array>, observer: Observer, limit: number) => {
          const found = (await channelMeans(present, [output], observer, limit)).get(output)
          return means.get(name)?.map((mean, channel) => mean - (found?.[channel] ?? NaN))
        }
        const errors = await errorsOn(expected.learned, from, learned.sampleCount)
        if (!errors?.every(Number.isFinite)) continue
        const unseen = await errorsOn(expected.heldOut, beside, FEW_SAMPLES)
        if (!unseen || !bringsNearer(errors, unseen)) {
          left.push(`'${node.name || name}'`)
          continue
        }
        corrections.set(id, errors)
        addToBias(change, trial.model.graph, node, errors)
      }
    })
    const before = await meanSqnr(edit.document, { float, context: beside, limit: heldOut.sampleCount })
    const after = await meanSqnr(trial, { float, context: beside, limit: heldOut.sampleCount })
    if (after < before) {
      context.report({ severity: 'info', code: 'no-gain', message: `Biases stay as they were: corrected, outputs would be at ${after.toFixed(1)} dB of the float model's, instead of ${before.toFixed(1)}.` })
      return
    }
    for (const [id, errors] of corrections) addToBias(edit, edit.main, nodeOf(edit, id), errors)
    if (left.length > 0) context.report({ severity: 'info', code: 'layers-not-corrected', message: `Biases of ${left.length} of ${layers.length} layers stay as they were: on samples held out their means would be further off (${left.slice(0, SHOWN_LAYERS).join(', ')}${left.length > SHOWN_LAYERS ? ', …' : ''}).` })
  },
})

/** Whether what was learned makes the errors on other samples smaller. */
function bringsNearer(learned: Float64Array, unseen: Float64Array): boolean {
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0)
  return squares(unseen.map((error, channel) => error - (learned[channel] as number))) < squares(unseen)
}

function nodeOf(edit: Edit, id: number): Node {
  const node = edit.document.index(edit.main).nodes.get(id)
  if (!node) throw new Error('internal: a layer went away while biases were corrected')
  return node
}

/** Conv or Gemm whose weight is integers behind a DequantizeLinear. */
function isQuantized(edit: Edit, node: Node): boolean {
  return (node.opType === 'Conv' || node.opType === 'Gemm') && sameDomain(node.domain, '') && dequantizer(edit, edit.main, node.inputs[1] ?? '') !== null
}
