import { z } from 'zod'
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, ModelDocument, sameDomain } from '#shared/onnx/document'
import { makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from './constants'
import { definePass } from './pass'
import { roundHalfToEven } from './quantize-numerics'
import { meanSqnr } from './recovery/mean-sqnr'
import { channelMeans } from './recovery/observe'
import { snapshotModel } from './recovery/snapshot-model'

const INT32_MAX = 2 ** 31 - 1

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
    const limit = calibrationSamples
    const expected = await channelMeans(float, layers.map(({ name }) => name), context, limit)
    // On a copy: what does not help is not done.
    const trial = new ModelDocument(snapshotModel(edit.document))
    const corrections = new Map<number, Float64Array>()
    await trial.transact('correct-bias', async (change) => {
      for (const [at, { id, name }] of layers.entries()) {
        context.progress('correcting', at / layers.length, `${at + 1} / ${layers.length}`)
        const node = nodeOf(change, id)
        const [output = ''] = node.outputs
        const found = (await channelMeans(snapshotModel(trial), [output], context, limit)).get(output)
        const errors = expected.get(name)?.map((mean, channel) => mean - (found?.[channel] ?? NaN))
        if (!errors?.every(Number.isFinite)) continue
        corrections.set(id, errors)
        addToBias(change, trial.model.graph, node, errors)
      }
    })
    const before = await meanSqnr(edit.document, { float, context, limit })
    const after = await meanSqnr(trial, { float, context, limit })
    if (after < before) {
      context.report({ severity: 'info', code: 'no-gain', message: `Biases stay as they were: corrected, outputs would be at ${after.toFixed(1)} dB of the float model's, instead of ${before.toFixed(1)}.` })
      return
    }
    for (const [id, errors] of corrections) addToBias(edit, edit.main, nodeOf(edit, id), errors)
  },
})

function nodeOf(edit: Edit, id: number): Node {
  const node = edit.document.index(edit.main).nodes.get(id)
  if (!node) throw new Error('internal: a layer went away while biases were corrected')
  return node
}

/** Conv or Gemm whose weight is integers behind a DequantizeLinear. */
function isQuantized(edit: Edit, node: Node): boolean {
  return (node.opType === 'Conv' || node.opType === 'Gemm') && sameDomain(node.domain, '') && dequantizer(edit, edit.main, node.inputs[1] ?? '') !== null
}

function dequantizer(edit: Edit, graph: Graph, name: string): Node | null {
  const found = edit.document.index(graph).definition(name)
  return found?.kind === 'node' && found.node.opType === 'DequantizeLinear' && constantTensor(edit.document, graph, found.node.inputs[0] ?? '') ? found.node : null
}

function addToBias(edit: Edit, graph: Graph, node: Node, errors: Float64Array): void {
  const beta = node.opType === 'Gemm' ? node.attributes.find(({ name }) => name === 'beta') : undefined
  // Quantizing sets beta to 1; without a bias it means nothing.
  if (beta?.type === 'float' && beta.value !== 1) edit.setAttribute(graph, node, 'beta', makeFloat('beta', 1))
  const name = node.inputs[2] ?? ''
  const dequantize = name === '' ? null : dequantizer(edit, graph, name)
  if (dequantize) return addToIntegers(edit, graph, dequantize, errors)
  const tensor = name === '' ? null : constantTensor(edit.document, graph, name)
  if (tensor && isFloat32(tensor)) {
    const values = Float32Array.from(tensorFloats(tensor), (value, channel) => value + (errors[channel] ?? 0))
    return store(edit, graph, { node, input: 2, tensor: rawTensor(tensor.name, 'float32', tensor.dims, bytesOf(values)) })
  }
  if (name === '') addBias(edit, graph, node, errors)
}

function addToIntegers(edit: Edit, graph: Graph, dequantize: Node, errors: Float64Array): void {
  const [integers, scale] = dequantize.inputs.map((name) => constantTensor(edit.document, graph, name))
  if (!integers || !scale || integers.dataType !== DATA_TYPES.int32.code) return
  const scales = tensorFloats(scale)
  const values = Int32Array.from(tensorNumbers(integers) as Int32Array, (value, channel) => toInt32(value + (errors[channel] ?? 0) / (scales[scales.length === 1 ? 0 : channel] as number)))
  store(edit, graph, { node: dequantize, input: 0, tensor: rawTensor(integers.name, 'int32', integers.dims, bytesOf(values)) })
}

/** In place, or under a new name where others read the old tensor too. */
function store(edit: Edit, graph: Graph, { node, input, tensor }: { node: Node; input: number; tensor: Tensor }): void {
  if (edit.document.uses(graph, tensor.name).length === 1) return edit.setInitializer(graph, tensor)
  const name = edit.freshName(graph, tensor.name)
  edit.setInitializer(graph, { ...tensor, name })
  edit.setInput(graph, node, input, name)
}

/** A bias where there was none: int32 with the product of input and weight scale, as integer kernels take it. */
function addBias(edit: Edit, graph: Graph, node: Node, errors: Float64Array): void {
  const [input, weight] = node.inputs.map((name) => scalesOf(edit, graph, name))
  if (!input || !weight) return
  const inputScale = input[0] as number
  const scales = Float32Array.from(weight, (scale) => scale * inputScale)
  const values = Int32Array.from(errors, (error, channel) => toInt32(error / (scales[scales.length === 1 ? 0 : channel] as number)))
  const isPerChannel = scales.length > 1
  const inputs = [
    named(edit, graph, `${node.inputs[1] ?? ''}.bias`, (name) => rawTensor(name, 'int32', [values.length], bytesOf(values))),
    named(edit, graph, `${node.inputs[1] ?? ''}.bias.scale`, (name) => rawTensor(name, 'float32', isPerChannel ? [scales.length] : [], bytesOf(scales))),
  ]
  const real = edit.freshName(graph, `${node.inputs[1] ?? ''}.bias.dq`)
  edit.addNode(graph, { opType: 'DequantizeLinear', inputs, outputs: [real], attributes: isPerChannel ? [makeInt('axis', 0)] : [] }, { before: node })
  edit.setInput(graph, node, 2, real)
}

function scalesOf(edit: Edit, graph: Graph, name: string): ArrayLike<number> | null {
  const found = edit.document.index(graph).definition(name)
  if (found?.kind !== 'node' || found.node.opType !== 'DequantizeLinear') return null
  const scale = constantTensor(edit.document, graph, found.node.inputs[1] ?? '')
  return scale ? tensorFloats(scale) : null
}

function named(edit: Edit, graph: Graph, base: string, make: (name: string) => Tensor): string {
  const name = edit.freshName(graph, base)
  edit.setInitializer(graph, make(name))
  return name
}

function toInt32(value: number): number {
  return Math.min(INT32_MAX, Math.max(-INT32_MAX - 1, roundHalfToEven(value)))
}
