import { z } from 'zod'
import { AppError } from '#shared/errors'
import { type Edit, ModelDocument, sameDomain } from '#shared/onnx/document'
import type { Model, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32, isReadable } from './constants'
import { definePass, type PassContext } from './pass'
import { meanSqnr } from './recovery/mean-sqnr'
import { float32Numbers, observe } from './recovery/observe'
import { snapshotModel } from './recovery/snapshot-model'
import { floatValues } from './weight-store'

export const reEstimateNormalization = definePass({
  name: 're-estimate-normalization',
  title: 'Re-estimate batch normalization',
  description: 'After quantize-static: moves the mean and variance of each BatchNormalization that is left by as much as quantizing moved those of its input on calibration data. Costs nothing at run time.',
  calibration: 'required',
  options: z.strictObject({
    calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at.'),
  }),
  /**
   * Statistics are taken again after quantizing, as is usual after changing weights. Only the difference to
   * the float model's on the same samples is added: what was learned from all the training data is kept.
   */
  async run(edit, { calibrationSamples }, context) {
    const { float } = context
    if (!float) throw new AppError({ code: 'invalid-recipe', message: "'re-estimate-normalization' has nothing to compare with.", hint: 'Put it after quantize-static in the same recipe.' })
    const changes = await reEstimated(edit, float, { context, limit: calibrationSamples })
    if (changes.length === 0) return
    // On a copy: what does not help is not done.
    const trial = new ModelDocument(snapshotModel(edit.document))
    await trial.transact('re-estimate-normalization', (change) => {
      for (const entry of changes) apply(change, entry)
    })
    const before = await meanSqnr(edit.document, { float, context, limit: calibrationSamples })
    const after = await meanSqnr(trial, { float, context, limit: calibrationSamples })
    const text = `outputs ${after > before ? 'are' : 'would be'} at ${after.toFixed(1)} dB of the float model's, instead of ${before.toFixed(1)}`
    if (after <= before) return context.report({ severity: 'info', code: 'no-gain', message: `Normalizations stay as they were: re-estimated, ${text}.` })
    for (const entry of changes) apply(edit, entry)
    context.report({ severity: 'info', code: 're-estimated', message: `${changes.length} normalizations were re-estimated: ${text}.` })
  },
})

interface Change {
  readonly id: number
  readonly mean: Tensor
  readonly variance: Tensor
}

interface Needs {
  readonly context: PassContext
  readonly limit: number
}

async function reEstimated(edit: Edit, float: Model, { context, limit }: Needs): Promise<Change[]> {
  const floatInputs = new Map(float.graph.nodes.map((node) => [node.id, node.inputs[0] ?? '']))
  const layers = edit.main.nodes.filter((node) => isNormalization(edit, node) && floatInputs.has(node.id))
  if (layers.length === 0) return []
  const names = (of: (node: Node) => string) => [...new Set(layers.map(of))]
  const nameBefore = (node: Node) => floatInputs.get(node.id) ?? ''
  const nameAfter = (node: Node) => node.inputs[0] ?? ''
  const before = await channelStatistics(float, names(nameBefore), context, limit)
  const after = await channelStatistics(snapshotModel(edit.document), names(nameAfter), context, limit)
  return layers.flatMap((node): Change[] => {
    const [was, is] = [before.get(nameBefore(node)), after.get(nameAfter(node))]
    const [mean, variance] = [3, 4].map((input) => constantTensor(edit.document, edit.main, node.inputs[input] ?? ''))
    if (!was || !is || !mean || !variance || was.mean.length !== is.mean.length || was.mean.length !== mean.dims[0]) return []
    const means = floatValues(mean).map((value, channel) => value + (is.mean[channel] as number) - (was.mean[channel] as number))
    // A channel that is always the same has no ratio.
    const variances = floatValues(variance).map((value, channel) => ((was.variance[channel] as number) > 0 ? (value * (is.variance[channel] as number)) / (was.variance[channel] as number) : value))
    if (![...means, ...variances].every(Number.isFinite)) return []
    return [{ id: node.id, mean: rawTensor(mean.name, 'float32', mean.dims, bytesOf(means)), variance: rawTensor(variance.name, 'float32', variance.dims, bytesOf(variances)) }]
  })
}

function isNormalization(edit: Edit, node: Node): boolean {
  if (node.opType !== 'BatchNormalization' || !sameDomain(node.domain, '') || node.outputs.slice(1).some((name) => name !== '')) return false
  return [3, 4].every((input) => {
    const tensor = constantTensor(edit.document, edit.main, node.inputs[input] ?? '')
    return tensor !== null && isFloat32(tensor) && isReadable(tensor) && tensor.dims.length === 1
  })
}

function apply(edit: Edit, { id, mean, variance }: Change): void {
  for (const [input, tensor] of [[3, mean], [4, variance]] as const) {
    const node = edit.document.index(edit.main).nodes.get(id)
    if (!node) throw new Error('internal: a normalization went away while it was re-estimated')
    const name = edit.freshName(edit.main, `${tensor.name}.again`)
    edit.setInitializer(edit.main, { ...tensor, name })
    edit.setInput(edit.main, node, input, name)
    if (edit.document.uses(edit.main, tensor.name).length === 0) edit.removeInitializer(edit.main, tensor.name)
  }
}

interface Statistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/** Mean and variance of each channel (axis 1) of float32 values over the samples, by name. */
async function channelStatistics(model: Model, names: readonly string[], context: PassContext, limit: number): Promise<Map<string, Statistics>> {
  const sums = new Map<string, { total: Float64Array; squares: Float64Array; count: number }>()
  await observe(model, context, { names, limit }, (values) => {
    for (const name of names) {
      const value = values.get(name)
      const numbers = float32Numbers(value)
      const channels = value?.dims[1] ?? 1
      const inner = (value?.dims.slice(2) ?? []).reduce((product, dim) => product * dim, 1)
      const sum = sums.get(name) ?? { total: new Float64Array(channels), squares: new Float64Array(channels), count: 0 }
      for (let at = 0; at < numbers.length; at++) {
        const [channel, number] = [Math.floor(at / inner) % channels, numbers[at] as number]
        sum.total[channel] = (sum.total[channel] ?? NaN) + number
        sum.squares[channel] = (sum.squares[channel] ?? NaN) + number * number
      }
      sum.count += numbers.length / channels
      sums.set(name, sum)
    }
  })
  return new Map(
    [...sums].map(([name, { total, squares, count }]) => {
      const mean = total.map((value) => value / count)
      return [name, { mean, variance: squares.map((value, channel) => Math.max(0, value / count - (mean[channel] as number) ** 2)) }]
    }),
  )
}
